resource "hybridops_proxmox_template" "debian" {
  name    = "debian-12"
  version = "2025.1"
  node    = "pve1"

  image = {
    url          = "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2"
    checksum_url = "https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS"
    storage      = "local" # needs the content type `import`
  }

  disk = {
    storage = "local-zfs"
    size    = "8G"
  }

  cpu     = { cores = 2 }
  memory  = 2048
  network = { net0 = { bridge = "vmbr0" } }

  cloud_init = {
    user     = "admin"
    ssh_keys = [trimspace(file("~/.ssh/id_ed25519.pub"))]
  }

  tags   = ["debian", "cloud-image"]
  retain = 1 # one earlier version stays, for a way back
}

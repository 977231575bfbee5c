resource "hybridops_proxmox_template" "debian" {
  name    = "debian-12"
  version = "2026-11"
  node    = "pve1"

  image = {
    url          = "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2"
    checksum_url = "https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS"
    storage      = "local"
  }
  disk = {
    storage = "local-lvm"
    size    = "8G"
  }

  cpu    = { cores = 2 }
  memory = 2048
  tags   = ["debian", "base"]

  network = {
    net0 = { bridge = "vmbr0" }
  }
  cloud_init = {
    user     = "admin"
    ssh_keys = [file("~/.ssh/id_ed25519.pub")]
  }

  retain = 1
}

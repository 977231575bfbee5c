resource "hybridops_proxmox_lxc" "db" {
  name     = "db-01"
  node     = "pve1"
  template = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst"

  root_disk = {
    storage = "local-zfs"
    size    = "8G"
  }

  # Changed in place, and handed over where the container is rebuilt.
  mounts = {
    mp0 = {
      path    = "/var/lib/postgresql"
      storage = "local-zfs"
      size    = "32G"
      backup  = true
    }
  }

  cores    = 4
  memory   = 8192
  swap     = 0
  features = { nesting = true }

  network = {
    net0 = {
      bridge  = "vmbr0"
      address = "10.6.0.10/24"
      gateway = "10.6.0.1"
    }
  }

  dns      = { servers = ["10.6.0.1"] }
  ssh_keys = [trimspace(file("~/.ssh/id_ed25519.pub"))]
  tags     = ["postgresql"]
  on_boot  = true
  power    = "running"
}

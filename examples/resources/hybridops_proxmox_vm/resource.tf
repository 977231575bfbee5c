# A clone keeps what its template has; what is written here is managed.
resource "hybridops_proxmox_vm" "web" {
  name = "web-01"
  node = "pve1"

  clone = { template = "debian-12" }

  cpu    = { cores = 2 }
  memory = 4096

  disks = {
    scsi0 = { size = "20G" }                         # the template's disk, grown
    scsi1 = { storage = "local-zfs", size = "100G" } # a disk of its own
  }
  network = {
    net0 = { bridge = "vmbr0", vlan = 20 }
  }
  remove = ["net1"] # what the template has and this guest is not to have

  cloud_init = {
    user     = "admin"
    ssh_keys = [trimspace(file("~/.ssh/id_ed25519.pub"))]
    ip_config = {
      net0 = { ipv4 = "10.0.20.10/24", gateway = "10.0.20.1" }
    }
  }

  power      = "running"
  apply_mode = "reboot" # a change that needs a restart gets it
  tags       = ["web", "production"]
}

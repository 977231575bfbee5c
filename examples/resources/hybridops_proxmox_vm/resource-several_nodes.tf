# Three servers on three nodes; high availability may move them among these.
resource "hybridops_proxmox_vm" "server" {
  count = 3
  name  = "rke2-server-${count.index + 1}"
  nodes = ["pve1", "pve2", "pve3"]

  placement = { policy = "spread", anti_affinity = "rke2-servers" }
  clone     = { template = "rocky-9", storage = "ceph" }

  cpu    = { cores = 4, type = "x86-64-v2-AES" }
  memory = 8192
  disks  = { scsi0 = { size = "60G" } }

  ha = { state = "started", max_restart = 2 }
}

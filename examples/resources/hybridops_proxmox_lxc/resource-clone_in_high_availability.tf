# A clone that high availability may move between two nodes without a difference in the plan.
resource "hybridops_proxmox_lxc" "web" {
  name      = "web-01"
  nodes     = ["pve1", "pve2"]
  placement = { policy = "most_free_memory", anti_affinity = "web" }
  clone     = { vmid = 900, storage = "ceph" }

  memory = 1024
  ha     = { max_restart = 2 }
  power  = "running"
}

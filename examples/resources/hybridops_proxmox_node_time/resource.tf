resource "hybridops_proxmox_node_time" "example" {
  node     = "pve1"
  timezone = "Europe/Vienna"
}

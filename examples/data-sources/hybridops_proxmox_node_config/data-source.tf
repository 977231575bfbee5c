data "hybridops_proxmox_node_config" "example" {
  id = "pve1"
}

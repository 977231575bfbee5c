data "hybridops_proxmox_node_firewall_rules" "example" {
  id = "pve1"
}

resource "hybridops_proxmox_node_firewall_options" "example" {
  node                = "pve1"
  enable              = true
  log_level_in        = "info"
  nf_conntrack_max    = 524288
  protection_synflood = true
}

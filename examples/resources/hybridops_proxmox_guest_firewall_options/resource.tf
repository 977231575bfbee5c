resource "hybridops_proxmox_guest_firewall_options" "example" {
  vmid         = 100
  enable       = true
  log_level_in = "info"
  macfilter    = true
  policy_in    = "DROP"
  policy_out   = "ACCEPT"
}

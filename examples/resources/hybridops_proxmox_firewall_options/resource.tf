resource "hybridops_proxmox_firewall_options" "example" {
  ebtables       = true
  enable         = true
  log_ratelimit  = { burst = 10, enable = true, rate = "5/second" }
  policy_forward = "ACCEPT"
  policy_in      = "DROP"
  policy_out     = "ACCEPT"
}

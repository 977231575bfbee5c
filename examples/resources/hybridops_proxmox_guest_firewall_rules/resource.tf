resource "hybridops_proxmox_guest_firewall_rules" "example" {
  vmid = 100
  rules = [
    { action = "ACCEPT", comment = "Shells", enable = true, log = "nolog", macro = "SSH", source = "10.0.0.0/8", type = "in" },
    { action = "DROP", enable = true, type = "in" },
  ]
}

data "hybridops_proxmox_guest_firewall_rules" "example" {
  id = "100"
}

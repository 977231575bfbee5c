data "hybridops_proxmox_guest_firewall_options" "example" {
  id = "100"
}

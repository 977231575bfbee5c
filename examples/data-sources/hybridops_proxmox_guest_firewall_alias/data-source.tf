data "hybridops_proxmox_guest_firewall_alias" "example" {
  id = "100/office"
}

data "hybridops_proxmox_firewall_alias" "example" {
  id = "office"
}

data "hybridops_proxmox_vnet_firewall_options" "example" {
  id = "web"
}

data "hybridops_proxmox_sdn_vnet" "example" {
  id = "web"
}

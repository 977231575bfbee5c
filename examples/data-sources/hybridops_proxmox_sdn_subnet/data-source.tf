data "hybridops_proxmox_sdn_subnet" "example" {
  id = "web/10.20.0.0/24"
}

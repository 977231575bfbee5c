data "hybridops_proxmox_sdn_subnets" "all" {
  vnet = "web"
}

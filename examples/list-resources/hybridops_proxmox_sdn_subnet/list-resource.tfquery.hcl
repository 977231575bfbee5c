list "hybridops_proxmox_sdn_subnet" "all" {
  provider = hybridops
  config {
    vnet = "web"
  }
}

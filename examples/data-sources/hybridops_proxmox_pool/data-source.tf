data "hybridops_proxmox_pool" "example" {
  id = "web"
}

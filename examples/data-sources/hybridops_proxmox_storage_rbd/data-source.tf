data "hybridops_proxmox_storage_rbd" "example" {
  id = "rbd"
}

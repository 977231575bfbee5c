data "hybridops_proxmox_storage_iscsi" "example" {
  id = "san"
}

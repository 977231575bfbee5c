data "hybridops_proxmox_storage_nfs" "example" {
  id = "nas"
}

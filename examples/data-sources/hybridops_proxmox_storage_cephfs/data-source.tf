data "hybridops_proxmox_storage_cephfs" "example" {
  id = "cephfs"
}

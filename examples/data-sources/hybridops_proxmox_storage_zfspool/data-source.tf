data "hybridops_proxmox_storage_zfspool" "example" {
  id = "zfs"
}

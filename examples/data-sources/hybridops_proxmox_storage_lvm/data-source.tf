data "hybridops_proxmox_storage_lvm" "example" {
  id = "lvm"
}

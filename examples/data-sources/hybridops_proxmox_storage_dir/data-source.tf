data "hybridops_proxmox_storage_dir" "example" {
  id = "archive"
}

data "hybridops_proxmox_storage_cifs" "example" {
  id = "windows"
}

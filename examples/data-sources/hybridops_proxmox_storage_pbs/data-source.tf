data "hybridops_proxmox_storage_pbs" "example" {
  id = "pbs"
}

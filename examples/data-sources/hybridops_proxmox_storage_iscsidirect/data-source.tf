data "hybridops_proxmox_storage_iscsidirect" "example" {
  id = "sandirect"
}

list "hybridops_proxmox_storage_iscsidirect" "all" {
  provider = hybridops
}

list "hybridops_proxmox_backup_job" "all" {
  provider = hybridops
}

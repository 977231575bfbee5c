data "hybridops_proxmox_backup_jobs" "all" {
}

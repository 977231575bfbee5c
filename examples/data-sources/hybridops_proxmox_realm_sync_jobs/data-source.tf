data "hybridops_proxmox_realm_sync_jobs" "all" {
}

data "hybridops_proxmox_replication_jobs" "all" {
}

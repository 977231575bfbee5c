list "hybridops_proxmox_realm_sync_job" "all" {
  provider = hybridops
}

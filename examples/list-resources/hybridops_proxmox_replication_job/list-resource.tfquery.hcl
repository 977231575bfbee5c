list "hybridops_proxmox_replication_job" "all" {
  provider = hybridops
}

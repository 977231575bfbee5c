import {
  to = hybridops_proxmox_realm_sync_job.example
  id = "people"
}

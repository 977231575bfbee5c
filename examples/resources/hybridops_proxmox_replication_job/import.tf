import {
  to = hybridops_proxmox_replication_job.example
  id = "100-0"
}

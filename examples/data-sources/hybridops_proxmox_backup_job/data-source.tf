data "hybridops_proxmox_backup_job" "example" {
  id = "nightly"
}

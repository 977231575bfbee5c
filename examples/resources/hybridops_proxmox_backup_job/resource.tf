resource "hybridops_proxmox_backup_job" "example" {
  name              = "nightly"
  schedule          = "02:00"
  all               = true
  compress          = "zstd"
  exclude           = ["900"]
  mode              = "snapshot"
  notes_template    = "{{guestname}}"
  notification_mode = "notification-system"
  prune_backups     = { keep_daily = 7, keep_last = 3 }
  storage           = "local"
  comment           = "Managed by Terraform"
}

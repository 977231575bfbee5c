# Guests whose newest backup is older than a day.
data "hybridops_proxmox_backups" "nightly" {
  storage = "backup"
}

output "stale" {
  value = [
    for vmid, backup in data.hybridops_proxmox_backups.nightly.newest : vmid
    if timecmp(timeadd(backup.created_at, "24h"), plantimestamp()) < 0
  ]
}

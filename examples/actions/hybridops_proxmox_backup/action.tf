data "hybridops_proxmox_guests" "production" {
  tags     = { all = ["production"] }
  template = false
}

action "hybridops_proxmox_backup" "production" {
  config {
    vmids          = data.hybridops_proxmox_guests.production.vmids
    storage        = "backup"
    notes_template = "{{guestname}} on {{node}}"
    prune_backups  = "keep-last=3,keep-weekly=4"

    timeouts = { invoke = "4h" }
  }
}

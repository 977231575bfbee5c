# terraform apply -invoke=action.hybridops_proxmox_rollback.before_upgrade
action "hybridops_proxmox_rollback" "before_upgrade" {
  config {
    vmid  = 101
    name  = "before-upgrade"
    start = true
  }
}

# terraform apply -invoke=action.hybridops_proxmox_snapshot.now
action "hybridops_proxmox_snapshot" "now" {
  config {
    vmid        = 101
    description = "Before a change by hand"
  }
}

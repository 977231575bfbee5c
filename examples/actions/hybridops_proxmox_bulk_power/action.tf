data "hybridops_proxmox_guests" "lab" {
  pool     = "lab"
  template = false
}

action "hybridops_proxmox_bulk_power" "evening" {
  config {
    vmids  = data.hybridops_proxmox_guests.lab.vmids
    action = "shutdown"
    grace  = "2m"
  }
}

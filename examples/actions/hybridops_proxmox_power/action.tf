action "hybridops_proxmox_power" "shutdown" {
  config {
    vmid       = 101
    action     = "shutdown"
    grace      = "90s"
    force_stop = true
  }
}

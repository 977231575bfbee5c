list "hybridops_proxmox_guest_firewall_alias" "all" {
  provider = hybridops
  config {
    vmid = 100
  }
}

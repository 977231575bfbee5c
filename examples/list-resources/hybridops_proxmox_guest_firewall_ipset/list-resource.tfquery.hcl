list "hybridops_proxmox_guest_firewall_ipset" "all" {
  provider = hybridops
  config {
    vmid = 100
  }
}

data "hybridops_proxmox_guest_firewall_aliases" "all" {
  vmid = 100
}

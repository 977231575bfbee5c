data "hybridops_proxmox_guest_firewall_ipsets" "all" {
  vmid = 100
}

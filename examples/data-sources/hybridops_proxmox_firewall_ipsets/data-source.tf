data "hybridops_proxmox_firewall_ipsets" "all" {
}

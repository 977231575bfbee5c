data "hybridops_proxmox_firewall_security_groups" "all" {
}

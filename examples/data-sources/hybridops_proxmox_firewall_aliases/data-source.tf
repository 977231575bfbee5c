data "hybridops_proxmox_firewall_aliases" "all" {
}

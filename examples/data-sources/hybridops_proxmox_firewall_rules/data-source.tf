data "hybridops_proxmox_firewall_rules" "example" {
}

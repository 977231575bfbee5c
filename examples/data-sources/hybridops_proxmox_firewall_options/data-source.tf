data "hybridops_proxmox_firewall_options" "example" {
}

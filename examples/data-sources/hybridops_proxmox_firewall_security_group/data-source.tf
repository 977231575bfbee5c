data "hybridops_proxmox_firewall_security_group" "example" {
  id = "web"
}

resource "hybridops_proxmox_firewall_alias" "example" {
  name    = "office"
  cidr    = "192.0.2.0/24"
  comment = "Managed by Terraform"
}

resource "hybridops_proxmox_guest_firewall_alias" "example" {
  vmid    = 100
  name    = "office"
  cidr    = "192.0.2.0/24"
  comment = "Managed by Terraform"
}

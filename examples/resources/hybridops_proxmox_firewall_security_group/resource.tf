resource "hybridops_proxmox_firewall_security_group" "example" {
  group = "web"
  rules = [
    { action = "ACCEPT", comment = "Shells", enable = true, log = "nolog", macro = "SSH", source = "10.0.0.0/8", type = "in" },
    { action = "DROP", enable = true, type = "in" },
  ]
  comment = "Managed by Terraform"
}

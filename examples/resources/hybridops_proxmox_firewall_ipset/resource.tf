resource "hybridops_proxmox_firewall_ipset" "example" {
  name = "servers"
  entries = [
    { cidr = "10.0.0.0/24" },
    { cidr = "10.0.0.5", comment = "Not this one", nomatch = true },
  ]
  comment = "Managed by Terraform"
}

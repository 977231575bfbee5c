resource "hybridops_proxmox_guest_firewall_ipset" "example" {
  vmid = 100
  name = "clients"
  entries = [
    { cidr = "10.0.0.0/24" },
    { cidr = "10.0.0.5", comment = "Not this one", nomatch = true },
  ]
  comment = "Managed by Terraform"
}

resource "hybridops_netbox_contact" "example" {
  name  = "Network operations"
  email = "noc@example.com"
}

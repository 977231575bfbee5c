data "hybridops_netbox_contact" "example" {
  name = "Network operations"
}

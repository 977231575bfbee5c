data "hybridops_netbox_owner" "example" {
  name = "Amsterdam owner"
}

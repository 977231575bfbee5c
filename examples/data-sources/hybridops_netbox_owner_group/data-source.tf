data "hybridops_netbox_owner_group" "example" {
  name = "Amsterdam owner group"
}

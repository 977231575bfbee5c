data "hybridops_netbox_user" "example" {
  username = "terraform"
}

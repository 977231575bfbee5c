resource "hybridops_netbox_user_group" "example" {
  name = "Amsterdam user group"
}

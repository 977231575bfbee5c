data "hybridops_netbox_object_permission" "example" {
  name = "Amsterdam object permission"
}

resource "hybridops_netbox_site_group" "example" {
  name = "Amsterdam site group"
}

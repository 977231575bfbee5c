resource "hybridops_netbox_region" "example" {
  name = "Netherlands"
}

resource "hybridops_netbox_tag" "example" {
  name  = "Production"
  color = "4caf50"
}

data "hybridops_netbox_cooling_outflow_template" "example" {
  name = "Amsterdam cooling outflow template"
}

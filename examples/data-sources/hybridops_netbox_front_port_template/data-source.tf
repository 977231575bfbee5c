data "hybridops_netbox_front_port_template" "example" {
  name = "Amsterdam front port template"
}

data "hybridops_netbox_front_port" "example" {
  name = "Amsterdam front port"
}

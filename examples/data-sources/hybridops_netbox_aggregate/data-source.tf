data "hybridops_netbox_aggregate" "example" {
  prefix = "10.0.0.0/8"
}

data "hybridops_netbox_data_source" "example" {
  name = "Amsterdam data source"
}

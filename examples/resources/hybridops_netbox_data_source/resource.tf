resource "hybridops_netbox_data_source" "example" {
  name       = "Amsterdam data source"
  source_url = "file:///srv/Amsterdam"
  type       = "local"
}

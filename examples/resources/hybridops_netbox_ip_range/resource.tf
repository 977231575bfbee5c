resource "hybridops_netbox_ip_range" "example" {
  end_address   = "10.20.0.199/24"
  start_address = "10.20.0.100/24"
}

data "hybridops_netbox_ip_range" "example" {
  start_address = "10.20.0.100/24"
}

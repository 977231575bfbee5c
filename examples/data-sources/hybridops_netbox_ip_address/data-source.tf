data "hybridops_netbox_ip_address" "example" {
  address = "10.20.0.10/24"
}

resource "hybridops_netbox_ip_address" "example" {
  address  = "10.20.0.10/24"
  dns_name = "web1.ams1.example.com"
}

data "hybridops_netbox_service" "example" {
  name = "Amsterdam service"
}

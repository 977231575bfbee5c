data "hybridops_netbox_provider_network" "example" {
  name = "Amsterdam provider network"
}

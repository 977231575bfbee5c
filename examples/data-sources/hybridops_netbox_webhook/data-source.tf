data "hybridops_netbox_webhook" "example" {
  name = "Inventory"
}

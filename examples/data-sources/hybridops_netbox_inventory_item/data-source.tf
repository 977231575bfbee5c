data "hybridops_netbox_inventory_item" "example" {
  name = "Amsterdam inventory item"
}

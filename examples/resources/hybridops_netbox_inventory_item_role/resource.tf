resource "hybridops_netbox_inventory_item_role" "example" {
  name = "Amsterdam inventory item role"
}

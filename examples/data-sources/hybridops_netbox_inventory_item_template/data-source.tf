data "hybridops_netbox_inventory_item_template" "example" {
  name = "Amsterdam inventory item template"
}

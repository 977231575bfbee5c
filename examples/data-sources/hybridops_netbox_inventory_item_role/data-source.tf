data "hybridops_netbox_inventory_item_role" "example" {
  slug = "amsterdam"
}

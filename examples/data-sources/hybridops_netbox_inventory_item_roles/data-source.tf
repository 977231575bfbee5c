data "hybridops_netbox_inventory_item_roles" "matching" {
  filters = { tag = ["production"] }
}

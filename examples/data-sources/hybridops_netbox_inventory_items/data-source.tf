data "hybridops_netbox_inventory_items" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}

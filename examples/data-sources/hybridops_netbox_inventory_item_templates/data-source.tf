data "hybridops_netbox_inventory_item_templates" "matching" {
  filters = { q = ["amsterdam"] }
}

list "hybridops_netbox_inventory_item_role" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}

import {
  to = hybridops_netbox_inventory_item_template.example
  id = "5"
}

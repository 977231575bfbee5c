import {
  to = hybridops_netbox_inventory_item_role.example
  id = "5"
}

import {
  to = hybridops_netbox_inventory_item.example
  id = "5"
}

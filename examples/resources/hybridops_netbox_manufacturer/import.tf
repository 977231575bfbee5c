import {
  to = hybridops_netbox_manufacturer.example
  id = "5"
}

import {
  to = hybridops_netbox_virtual_disk.example
  id = "5"
}

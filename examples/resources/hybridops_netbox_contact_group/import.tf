import {
  to = hybridops_netbox_contact_group.example
  id = "5"
}

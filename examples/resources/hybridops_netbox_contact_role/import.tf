import {
  to = hybridops_netbox_contact_role.example
  id = "5"
}

import {
  to = hybridops_netbox_contact_assignment.example
  id = "5"
}

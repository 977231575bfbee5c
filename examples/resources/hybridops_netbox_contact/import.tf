import {
  to = hybridops_netbox_contact.example
  id = "5"
}

resource "hybridops_netbox_contact" "example" {
  name  = "Network operations"
  email = "noc@example.com"
}

resource "hybridops_netbox_tenant" "example" {
  name        = "Acme"
  description = "Makes everything"
}

resource "hybridops_netbox_contact_role" "example" {
  name = "Amsterdam contact role"
}

resource "hybridops_netbox_contact_assignment" "example" {
  contact = hybridops_netbox_contact.example.id
  object  = { tenant = hybridops_netbox_tenant.example.id }
  role    = hybridops_netbox_contact_role.example.id
}

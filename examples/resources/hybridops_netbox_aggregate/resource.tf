resource "hybridops_netbox_rir" "example" {
  name       = "RFC 6996"
  is_private = true
}

resource "hybridops_netbox_aggregate" "example" {
  prefix = "10.0.0.0/8"
  rir    = hybridops_netbox_rir.example.id
}

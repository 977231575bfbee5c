resource "hybridops_netbox_rir" "example" {
  name       = "RFC 6996"
  is_private = true
}

resource "hybridops_netbox_asn" "example" {
  asn = 64512
  rir = hybridops_netbox_rir.example.id
}

resource "hybridops_netbox_rir" "example" {
  name       = "RFC 6996"
  is_private = true
}

resource "hybridops_netbox_asn_range" "example" {
  name  = "Amsterdam ASN range"
  end   = 420000199
  rir   = hybridops_netbox_rir.example.id
  start = 420000100
}

resource "hybridops_netbox_rir" "example" {
  name       = "RFC 6996"
  is_private = true
}

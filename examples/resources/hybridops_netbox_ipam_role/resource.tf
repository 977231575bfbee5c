resource "hybridops_netbox_ipam_role" "example" {
  name = "Amsterdam IPAM role"
}

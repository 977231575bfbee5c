resource "hybridops_netbox_fhrp_group" "example" {
  group_id = 101
  protocol = "vrrp2"
}

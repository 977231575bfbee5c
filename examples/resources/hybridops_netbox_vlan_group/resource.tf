resource "hybridops_netbox_vlan_group" "example" {
  name       = "Amsterdam"
  vid_ranges = [{ end = 199, start = 100 }, { end = 399, start = 300 }]
}

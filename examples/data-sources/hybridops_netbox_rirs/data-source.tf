data "hybridops_netbox_rirs" "matching" {
  filters = { tag = ["production"] }
}

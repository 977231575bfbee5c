data "hybridops_netbox_services" "matching" {
  filters = { tag = ["production"] }
}

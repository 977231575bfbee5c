data "hybridops_netbox_manufacturers" "matching" {
  filters = { tag = ["production"] }
}

data "hybridops_netbox_rack_reservations" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}

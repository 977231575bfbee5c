data "hybridops_netbox_event_rules" "matching" {
  filters = { tag = ["production"] }
}

list "hybridops_netbox_event_rule" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}

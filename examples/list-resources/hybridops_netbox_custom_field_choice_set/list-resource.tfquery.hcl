list "hybridops_netbox_custom_field_choice_set" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}

data "hybridops_netbox_custom_field_choice_sets" "matching" {
  filters = { q = ["amsterdam"] }
}

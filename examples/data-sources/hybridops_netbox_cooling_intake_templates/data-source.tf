data "hybridops_netbox_cooling_intake_templates" "matching" {
  filters = { q = ["amsterdam"] }
}

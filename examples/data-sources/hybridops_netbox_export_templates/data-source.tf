data "hybridops_netbox_export_templates" "matching" {
  filters = { q = ["amsterdam"] }
}

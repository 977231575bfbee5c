data "hybridops_netbox_service_templates" "matching" {
  filters = { tag = ["production"] }
}

data "hybridops_netbox_webhooks" "matching" {
  filters = { tag = ["production"] }
}

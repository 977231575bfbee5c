data "hybridops_netbox_provider_account" "example" {
  account = "Amsterdam provider account"
}

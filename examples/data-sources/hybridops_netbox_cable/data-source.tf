data "hybridops_netbox_cable" "example" {
  label = "Amsterdam cable"
}

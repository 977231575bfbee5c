data "hybridops_netbox_service_template" "example" {
  name = "Amsterdam service template"
}

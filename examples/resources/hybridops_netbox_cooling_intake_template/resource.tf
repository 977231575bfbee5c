resource "hybridops_netbox_cooling_intake_template" "example" {
  name = "Amsterdam cooling intake template"
}

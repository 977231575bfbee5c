resource "hybridops_netbox_notification_group" "example" {
  name = "Amsterdam notification group"
}

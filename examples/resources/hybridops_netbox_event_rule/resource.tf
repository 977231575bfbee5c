resource "hybridops_netbox_webhook" "example" {
  name        = "Inventory"
  payload_url = "https://hooks.example.com/inventory"
}

resource "hybridops_netbox_event_rule" "example" {
  name          = "Amsterdam event rule"
  action_object = { webhook = hybridops_netbox_webhook.example.id }
  event_types   = ["object_created"]
  object_types  = ["dcim.site"]
}

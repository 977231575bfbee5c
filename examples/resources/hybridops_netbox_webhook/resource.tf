resource "hybridops_netbox_webhook" "example" {
  name        = "Inventory"
  payload_url = "https://hooks.example.com/inventory"
}

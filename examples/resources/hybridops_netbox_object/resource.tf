resource "hybridops_netbox_object" "widget" {
  path = "plugins/lab/widgets"

  body = {
    name = "left-hand"
    size = 5
    site = { slug = "ams1" }
    tags = [{ slug = "web" }]
  }
}

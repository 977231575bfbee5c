# The widget of this name is taken over where there is one; only the keys named here are changed.
resource "hybridops_netbox_object" "right_hand" {
  path     = "plugins/lab/widgets"
  adopt_by = ["name"]

  body = {
    name  = "right-hand"
    color = "ff0000"
  }
}

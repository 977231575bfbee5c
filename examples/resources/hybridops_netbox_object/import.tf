import {
  to = hybridops_netbox_object.widget
  id = "plugins/lab/widgets?name=left-hand"
}

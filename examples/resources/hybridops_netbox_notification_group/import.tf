import {
  to = hybridops_netbox_notification_group.example
  id = "5"
}

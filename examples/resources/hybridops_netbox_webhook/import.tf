import {
  to = hybridops_netbox_webhook.example
  id = "5"
}

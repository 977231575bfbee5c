import {
  to = hybridops_netbox_event_rule.example
  id = "5"
}

import {
  to = hybridops_netbox_token.example
  id = "5"
}

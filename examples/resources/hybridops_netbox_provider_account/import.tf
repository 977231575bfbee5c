import {
  to = hybridops_netbox_provider_account.example
  id = "5"
}

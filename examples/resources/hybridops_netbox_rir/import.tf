import {
  to = hybridops_netbox_rir.example
  id = "5"
}

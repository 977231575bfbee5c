import {
  to = hybridops_netbox_platform.example
  id = "5"
}

import {
  to = hybridops_netbox_console_port.example
  id = "5"
}

import {
  to = hybridops_netbox_console_server_port.example
  id = "5"
}

import {
  to = hybridops_netbox_console_server_port_template.example
  id = "5"
}

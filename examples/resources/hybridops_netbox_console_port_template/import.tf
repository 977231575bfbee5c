import {
  to = hybridops_netbox_console_port_template.example
  id = "5"
}

import {
  to = hybridops_netbox_cooling_intake_template.example
  id = "5"
}

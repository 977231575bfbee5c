import {
  to = hybridops_netbox_cooling_intake.example
  id = "5"
}

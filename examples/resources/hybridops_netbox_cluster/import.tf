import {
  to = hybridops_netbox_cluster.example
  id = "5"
}

import {
  to = hybridops_netbox_cluster_type.example
  id = "5"
}

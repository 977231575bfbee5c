import {
  to = hybridops_netbox_cluster_group.example
  id = "5"
}

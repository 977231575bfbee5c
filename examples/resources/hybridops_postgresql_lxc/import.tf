# The container's number, the major version and the cluster. What was declared stands in the marker beside the data.
import {
  to = hybridops_postgresql_lxc.db_01
  id = "105/15/main"
}

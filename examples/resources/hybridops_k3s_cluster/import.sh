# By a node of it: what the cluster was declared to be is read from the journal that stands there. `channel`, `keepers`,
# `restore`, `rotation` and sums that were given are not in it.
terraform import hybridops_k3s_cluster.platform 10.8.0.11
terraform import hybridops_k3s_cluster.platform '{"host": "10.8.0.11", "host_keys": ["ssh-ed25519 AAAA…"]}'

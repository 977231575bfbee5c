# The container's number, the major version and the cluster.
terraform import hybridops_postgresql_lxc.db_01 105/15/main
# Where the node's shell is at another address or port than the cluster tells, or its key stands in no known_hosts.
terraform import hybridops_postgresql_lxc.db_01 '{"vmid": 105, "version": 15, "node_machine": {"host": "10.0.0.1", "port": 2222, "host_keys": ["ssh-ed25519 AAAA…"]}}'

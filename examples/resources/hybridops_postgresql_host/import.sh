# Machine, major version and cluster. What was declared is read from the marker beside the data.
terraform import hybridops_postgresql_host.db02 10.6.0.11/15/main
# With a user, a port, or host keys that the provider's known_hosts do not have.
terraform import hybridops_postgresql_host.db02 root@10.6.0.11:2222/15/main
terraform import hybridops_postgresql_host.db02 '{"host": "10.6.0.11", "host_keys": ["ssh-ed25519 AAAA…"], "version": 15}'

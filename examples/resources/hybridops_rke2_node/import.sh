# By its machine: what was declared is read from the journal that stands there.
terraform import 'hybridops_rke2_node.server["platform-a"]' 10.8.0.11
# With a user, a port, or host keys that the provider's known_hosts do not have.
terraform import 'hybridops_rke2_node.server["platform-a"]' admin@10.8.0.11:2222
terraform import 'hybridops_rke2_node.server["platform-a"]' '{"host": "10.8.0.11", "host_keys": ["ssh-ed25519 AAAA…"]}'

output "address" {
  description = "Address of the server, without prefix length."
  value       = split("/", var.network.address)[0]
}

output "port" {
  description = "Port of the server."
  value       = hybridops_postgresql_lxc.this.postgresql.port
}

output "container" {
  description = "The container: `vmid`, `node`, `mac_address`, `host_key`."
  value = {
    vmid        = hybridops_postgresql_lxc.this.container.vmid
    node        = hybridops_postgresql_lxc.this.container.current_node
    mac_address = hybridops_postgresql_lxc.this.container.mac_address
    host_key    = hybridops_postgresql_lxc.this.host_key
  }
}

output "system_identifier" {
  description = "Who the data is: the primary's."
  value       = hybridops_postgresql_lxc.this.status.system_identifier
}

output "status" {
  description = "What was found in the container."
  value       = hybridops_postgresql_lxc.this.status
}

output "effective_settings" {
  description = "Settings in force, those that were derived included."
  value       = hybridops_postgresql_lxc.this.effective_settings
}

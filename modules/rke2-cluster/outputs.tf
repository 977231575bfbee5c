output "cluster" {
  description = "What the cluster is: `spec` of `hybridops_rke2_cluster`, for what is built on it. Known to others when all nodes have joined."
  value       = hybridops_rke2_cluster.this.spec
  depends_on  = [hybridops_rke2_node.server, hybridops_rke2_node.agent]
}

output "endpoint" {
  description = "Address of the API server: by the registration address where there is one, else by the first server."
  value       = "https://${coalesce(var.registration_address, values(var.servers)[0].address)}:6443"
}

output "rke2_version" {
  description = "Version that the nodes are to run: that of the channel, pinned, where one was named."
  value       = hybridops_rke2_cluster.this.version
}

output "machines" {
  description = "Machines by the names of their nodes: `vmid`, `uuid`, `node` of Proxmox VE, `address`, `role`."
  value = { for name, machine in merge(local.servers, local.agents) : name => {
    vmid    = hybridops_proxmox_vm.this[name].vmid
    uuid    = hybridops_proxmox_vm.this[name].uuid
    node    = hybridops_proxmox_vm.this[name].current_node
    address = machine.address
    role    = machine.role
  } }
}

output "nodes" {
  description = "Nodes by name: `version` they run, `certificate_expiry`, `differences` found on the machine."
  value = { for name, node in merge(hybridops_rke2_node.server, hybridops_rke2_node.agent) : name => {
    version            = node.version
    certificate_expiry = node.certificate_expiry
    differences        = node.differences
  } }
}

output "restored" {
  description = "What the last restore came to; null without one."
  value       = hybridops_rke2_cluster.this.restored
}

output "proxmox_version" {
  description = "What the cluster runs."
  value       = data.hybridops_proxmox_version.this.version
}

output "nodes" {
  description = "Nodes of the cluster."
  value       = [for node in data.hybridops_proxmox_nodes.all.nodes : node.name]
}

output "storages" {
  description = "Storages of the cluster."
  value       = distinct([for storage in data.hybridops_proxmox_storages.all.storages : storage.name])
}

output "template" {
  description = "The template that was built."
  value = {
    vmid      = hybridops_proxmox_template.base.vmid
    node      = hybridops_proxmox_template.base.current_node
    volume_id = hybridops_proxmox_template.base.volume_id
    checksum  = hybridops_proxmox_template.base.image_checksum
  }
}

output "found" {
  description = "Templates with the quickstart tag, as the cluster lists them."
  value       = [for template in data.hybridops_proxmox_templates.base.templates : template.vmid]
}

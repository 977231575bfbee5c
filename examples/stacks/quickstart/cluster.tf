# What the cluster says about itself.

data "hybridops_proxmox_version" "this" {}

data "hybridops_proxmox_nodes" "all" {}

data "hybridops_proxmox_storages" "all" {}

data "hybridops_proxmox_templates" "base" {
  tags = ["quickstart"]

  depends_on = [hybridops_proxmox_template.base]
}

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

output "found" {
  description = "Templates with the quickstart tag, as the cluster lists them."
  value       = [for template in data.hybridops_proxmox_templates.base.templates : template.vmid]
}

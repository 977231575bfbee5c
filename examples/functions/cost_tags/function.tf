locals {
  facts = { env = "prod", owner = "platform", component = "dr-aks", purpose = "dr" }
}

output "azure" {
  value = provider::hybridops::cost_tags("azure", local.facts)
}

# For `tags` of hybridops_proxmox_vm and hybridops_proxmox_lxc.
output "proxmox" {
  value = provider::hybridops::cost_tags("proxmox", local.facts)
}

output "templates" {
  description = "Every template by `family@node`: its number, name, version, node and the checksum its image was verified with."
  value = {
    for place, template in hybridops_proxmox_template.this : place => {
      vmid     = template.vmid
      name     = template.name
      version  = template.version
      node     = template.current_node
      checksum = template.image_checksum
    }
  }
}

output "newest" {
  description = "Number of the newest template of each family by node: what clones are made from. Follows a template that was migrated."
  value = merge(
    {
      for family in keys(var.images) : family => {
        for template in values(hybridops_proxmox_template.this) : template.current_node => template.vmid
        if contains(template.tags, "family-${family}")
      }
    },
    {
      for family, build in data.hybridops_proxmox_templates.built : family => build.by_node
    },
  )
}

output "decided_by" {
  description = "What decided which build of another tool is the newest: version_tag, name_stamp or creation_time; null for only one."
  value       = { for family, build in data.hybridops_proxmox_templates.built : family => build.decided_by }
}

output "regions" {
  description = "Ids of the regions, by key."
  value       = { for slug, region in local.regions : slug => region.id }
}

output "tags" {
  description = "Ids of the tags, by key."
  value       = { for slug, object in hybridops_netbox_tag.this : slug => object.id }
}

output "tenants" {
  description = "Ids of the tenants, by key."
  value       = { for slug, object in hybridops_netbox_tenant.this : slug => object.id }
}

output "sites" {
  description = "Ids of the sites, by key."
  value       = { for slug, object in hybridops_netbox_site.this : slug => object.id }
}

output "roles" {
  description = "Ids of the roles, by key."
  value       = { for slug, object in hybridops_netbox_ipam_role.this : slug => object.id }
}

output "vrfs" {
  description = "Ids of the VRFs, by key."
  value       = { for slug, object in hybridops_netbox_vrf.this : slug => object.id }
}

output "vlan_groups" {
  description = "Ids of the VLAN groups, by key."
  value       = { for slug, object in hybridops_netbox_vlan_group.this : slug => object.id }
}

output "vlans" {
  description = "Ids of the VLANs, by key."
  value       = { for slug, object in hybridops_netbox_vlan.this : slug => object.id }
}

output "prefixes" {
  description = "Ids of the prefixes, by key."
  value       = { for slug, object in hybridops_netbox_prefix.this : slug => object.id }
}

output "cluster_types" {
  description = "Ids of the cluster types, by key."
  value       = { for slug, object in hybridops_netbox_cluster_type.this : slug => object.id }
}

output "cluster_groups" {
  description = "Ids of the cluster groups, by key."
  value       = { for slug, object in hybridops_netbox_cluster_group.this : slug => object.id }
}

output "clusters" {
  description = "Ids of the clusters, by key."
  value       = { for slug, object in hybridops_netbox_cluster.this : slug => object.id }
}

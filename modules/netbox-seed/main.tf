# The platform, from the top down. References go by id, so that Terraform makes things in their order and
# destroys them in the other. What others refer to is destroyed last (create_before_destroy), so that an object that
# leaves the platform is let go of before it is deleted.

locals {
  # Known only when the platform's own tags are there.
  object_tags = length(var.object_tags) == 0 ? null : setunion(
    setsubtract(var.object_tags, keys(var.platform.tags)),
    [for slug in setintersection(var.object_tags, keys(var.platform.tags)) : hybridops_netbox_tag.this[slug].slug],
  )

  regions = merge(hybridops_netbox_region.top, hybridops_netbox_region.below)
}

resource "hybridops_netbox_tag" "this" {
  for_each = var.platform.tags

  name        = coalesce(each.value.name, each.key)
  slug        = each.key
  color       = each.value.color
  description = each.value.description

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_tenant" "this" {
  for_each = var.platform.tenants

  name        = each.value.name
  slug        = each.key
  description = each.value.description

  add_tags = local.object_tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_region" "top" {
  for_each = { for slug, region in var.platform.regions : slug => region if region.parent == null }

  name        = each.value.name
  slug        = each.key
  description = each.value.description

  add_tags = local.object_tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_region" "below" {
  for_each = { for slug, region in var.platform.regions : slug => region if region.parent != null }

  name        = each.value.name
  slug        = each.key
  parent      = hybridops_netbox_region.top[each.value.parent].id
  description = each.value.description

  add_tags = local.object_tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_site" "this" {
  for_each = var.platform.sites

  name             = each.value.name
  slug             = each.key
  status           = each.value.status
  region           = each.value.region == null ? null : local.regions[each.value.region].id
  tenant           = each.value.tenant == null ? null : hybridops_netbox_tenant.this[each.value.tenant].id
  facility         = each.value.facility
  time_zone        = each.value.time_zone
  physical_address = each.value.physical_address
  description      = each.value.description

  add_tags = local.object_tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_ipam_role" "this" {
  for_each = var.platform.roles

  name        = each.value.name
  slug        = each.key
  weight      = each.value.weight
  description = each.value.description

  add_tags = local.object_tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_vrf" "this" {
  for_each = var.platform.vrfs

  name           = coalesce(each.value.name, each.key)
  rd             = each.value.rd
  tenant         = each.value.tenant == null ? null : hybridops_netbox_tenant.this[each.value.tenant].id
  enforce_unique = each.value.enforce_unique
  description    = each.value.description

  add_tags = local.object_tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_vlan_group" "this" {
  for_each = var.platform.vlan_groups

  name        = each.value.name
  slug        = each.key
  scope       = each.value.site == null ? null : { site = hybridops_netbox_site.this[each.value.site].id }
  vid_ranges  = each.value.vid_ranges
  description = each.value.description

  add_tags = local.object_tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_vlan" "this" {
  for_each = var.platform.vlans

  vid         = each.value.vid
  name        = coalesce(each.value.name, each.key)
  status      = each.value.status
  group       = each.value.group == null ? null : hybridops_netbox_vlan_group.this[each.value.group].id
  site        = each.value.site == null ? null : hybridops_netbox_site.this[each.value.site].id
  role        = each.value.role == null ? null : hybridops_netbox_ipam_role.this[each.value.role].id
  tenant      = each.value.tenant == null ? null : hybridops_netbox_tenant.this[each.value.tenant].id
  description = each.value.description

  add_tags = local.object_tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_prefix" "this" {
  for_each = var.platform.prefixes

  prefix      = each.value.prefix
  status      = each.value.status
  is_pool     = each.value.is_pool
  vrf         = each.value.vrf == null ? null : hybridops_netbox_vrf.this[each.value.vrf].id
  scope       = each.value.site == null ? null : { site = hybridops_netbox_site.this[each.value.site].id }
  vlan        = each.value.vlan == null ? null : hybridops_netbox_vlan.this[each.value.vlan].id
  role        = each.value.role == null ? null : hybridops_netbox_ipam_role.this[each.value.role].id
  tenant      = each.value.tenant == null ? null : hybridops_netbox_tenant.this[each.value.tenant].id
  description = each.value.description

  add_tags = local.object_tags
}

resource "hybridops_netbox_cluster_type" "this" {
  for_each = var.platform.cluster_types

  name        = each.value.name
  slug        = each.key
  description = each.value.description

  add_tags = local.object_tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_cluster_group" "this" {
  for_each = var.platform.cluster_groups

  name        = each.value.name
  slug        = each.key
  description = each.value.description

  add_tags = local.object_tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "hybridops_netbox_cluster" "this" {
  for_each = var.platform.clusters

  name        = coalesce(each.value.name, each.key)
  status      = each.value.status
  type        = hybridops_netbox_cluster_type.this[each.value.type].id
  group       = each.value.group == null ? null : hybridops_netbox_cluster_group.this[each.value.group].id
  scope       = each.value.site == null ? null : { site = hybridops_netbox_site.this[each.value.site].id }
  tenant      = each.value.tenant == null ? null : hybridops_netbox_tenant.this[each.value.tenant].id
  description = each.value.description

  add_tags = local.object_tags
}

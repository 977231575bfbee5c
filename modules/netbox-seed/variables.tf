variable "platform" {
  description = <<-EOT
    The platform as NetBox shall know it. The key of every entry is its slug, and entries refer to each other by key;
    a reference to nothing is refused before anything is planned.
  EOT

  type = object({
    tags = optional(map(object({
      name        = optional(string)
      color       = optional(string, "9e9e9e")
      description = optional(string)
    })), {})

    tenants = optional(map(object({
      name        = string
      description = optional(string)
    })), {})

    regions = optional(map(object({
      name        = string
      parent      = optional(string)
      description = optional(string)
    })), {})

    sites = optional(map(object({
      name             = string
      region           = optional(string)
      tenant           = optional(string)
      status           = optional(string, "active")
      facility         = optional(string)
      time_zone        = optional(string)
      physical_address = optional(string)
      description      = optional(string)
    })), {})

    roles = optional(map(object({
      name        = string
      weight      = optional(number, 1000)
      description = optional(string)
    })), {})

    vrfs = optional(map(object({
      name           = optional(string)
      rd             = optional(string)
      tenant         = optional(string)
      enforce_unique = optional(bool, true)
      description    = optional(string)
    })), {})

    vlan_groups = optional(map(object({
      name        = string
      site        = optional(string)
      vid_ranges  = optional(list(object({ start = number, end = number })))
      description = optional(string)
    })), {})

    vlans = optional(map(object({
      vid         = number
      name        = optional(string)
      group       = optional(string)
      site        = optional(string)
      role        = optional(string)
      tenant      = optional(string)
      status      = optional(string, "active")
      description = optional(string)
    })), {})

    prefixes = optional(map(object({
      prefix      = string
      vrf         = optional(string)
      site        = optional(string)
      vlan        = optional(string)
      role        = optional(string)
      tenant      = optional(string)
      status      = optional(string, "active")
      is_pool     = optional(bool, false)
      description = optional(string)
    })), {})

    cluster_types = optional(map(object({
      name        = string
      description = optional(string)
    })), {})

    cluster_groups = optional(map(object({
      name        = string
      description = optional(string)
    })), {})

    clusters = optional(map(object({
      name        = optional(string)
      type        = string
      group       = optional(string)
      site        = optional(string)
      tenant      = optional(string)
      status      = optional(string, "active")
      description = optional(string)
    })), {})
  })
  nullable = false

  validation {
    condition = alltrue([
      for slug in flatten([for group in values(var.platform) : group == null ? [] : keys(group)]) :
      can(regex("^[a-z0-9_-]{1,100}$", slug))
    ])
    error_message = "Keys are slugs: lower-case letters, digits, hyphens and underscores."
  }

  validation {
    condition     = alltrue([for prefix in var.platform.prefixes : try(cidrsubnet(prefix.prefix, 0, 0) == prefix.prefix, false)])
    error_message = "Each prefix is a network without host bits, such as 10.20.0.0/16 or 2001:db8:20::/48."
  }

  validation {
    condition     = alltrue([for vlan in var.platform.vlans : vlan.vid >= 1 && vlan.vid <= 4094 && floor(vlan.vid) == vlan.vid])
    error_message = "A VLAN ID is a whole number from 1 to 4094."
  }

  validation {
    condition     = alltrue([for tag in var.platform.tags : can(regex("^[0-9a-f]{6}$", tag.color))])
    error_message = "The color of a tag is six hexadecimal digits in lower case."
  }

  validation {
    condition = alltrue([
      for region in var.platform.regions :
      region.parent == null ? true : try(var.platform.regions[region.parent].parent == null, false)
    ])
    error_message = "The parent of a region is another region of this platform that has no parent itself: there are two levels."
  }

  validation {
    condition = alltrue(concat(
      [for site in var.platform.sites : site.region == null ? true : contains(keys(var.platform.regions), site.region)],
      [
        for site in flatten([
          values(var.platform.vlan_groups)[*].site, values(var.platform.vlans)[*].site,
          values(var.platform.prefixes)[*].site, values(var.platform.clusters)[*].site,
        ]) : site == null ? true : contains(keys(var.platform.sites), site)
      ],
      [
        for tenant in flatten([
          values(var.platform.sites)[*].tenant, values(var.platform.vrfs)[*].tenant, values(var.platform.vlans)[*].tenant,
          values(var.platform.prefixes)[*].tenant, values(var.platform.clusters)[*].tenant,
        ]) : tenant == null ? true : contains(keys(var.platform.tenants), tenant)
      ],
      [
        for role in flatten([values(var.platform.vlans)[*].role, values(var.platform.prefixes)[*].role]) :
        role == null ? true : contains(keys(var.platform.roles), role)
      ],
      [for vlan in var.platform.vlans : vlan.group == null ? true : contains(keys(var.platform.vlan_groups), vlan.group)],
      [for prefix in var.platform.prefixes : prefix.vlan == null ? true : contains(keys(var.platform.vlans), prefix.vlan)],
      [for prefix in var.platform.prefixes : prefix.vrf == null ? true : contains(keys(var.platform.vrfs), prefix.vrf)],
      [for cluster in var.platform.clusters : contains(keys(var.platform.cluster_types), cluster.type)],
      [
        for cluster in var.platform.clusters :
        cluster.group == null ? true : contains(keys(var.platform.cluster_groups), cluster.group)
      ],
    ))
    error_message = "Something refers to a key that the platform does not have: look at region, site, tenant, role, group, vlan, vrf and type."
  }
}

variable "object_tags" {
  description = "Slugs of tags put on every object that is made, besides those of the provider's defaults. They must exist, or be among the platform's tags."
  type        = set(string)
  default     = []
  nullable    = false
}

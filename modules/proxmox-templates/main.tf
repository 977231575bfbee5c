resource "hybridops_proxmox_template" "this" {
  for_each = local.fleet

  name    = coalesce(each.value.name, each.value.family)
  version = each.value.version
  node    = each.value.node

  image = {
    url          = coalesce(each.value.url, try(local.families[each.value.family].url, null))
    checksum     = each.value.checksum
    checksum_url = each.value.checksum != null ? null : coalesce(each.value.checksum_url, try(local.families[each.value.family].checksum_url, null))
    storage      = var.storage.images
    transfer     = each.value.transfer
    keep         = var.keep_images
  }

  disk = {
    storage = var.storage.disks
    size    = each.value.disk_size
    format  = var.storage.format
    ssd     = each.value.ssd
  }

  cpu = {
    cores = each.value.cores
    type  = coalesce(each.value.cpu_type, lookup(local.least_cpu, each.value.family, "x86-64-v2-AES"))
  }
  memory   = each.value.memory
  firmware = each.value.firmware
  machine  = each.value.machine
  os_type  = each.value.os_type

  network = {
    net0 = { bridge = coalesce(each.value.bridge, var.bridge), vlan = each.value.vlan }
  }

  cloud_init = {
    storage       = coalesce(var.storage.cloud_init, var.storage.disks)
    user          = each.value.user
    ssh_keys      = var.ssh_keys
    search_domain = var.dns.search_domain
    nameservers   = var.dns.nameservers
  }

  tags = setunion(
    var.tags,
    each.value.tags,
    try(local.families[each.value.family].tags, []),
    ["family-${each.value.family}"],
  )
  description = each.value.description
  retain      = var.retain

  timeouts = { create = var.timeout, update = var.timeout }
}

# What another tool builds, Packer for Windows say: the newest by its tags is taken over, and followed to the next.
data "hybridops_proxmox_templates" "built" {
  for_each = var.packer_builds

  tags       = { all = each.value.tags }
  name_regex = each.value.name_regex
  node       = each.value.node
  required   = true
}

resource "hybridops_proxmox_template" "built" {
  for_each = { for family, build in var.packer_builds : family => build if build.adopt }

  name    = data.hybridops_proxmox_templates.built[each.key].newest.name
  version = data.hybridops_proxmox_templates.built[each.key].newest.version
  node    = data.hybridops_proxmox_templates.built[each.key].newest.node
  adopt   = { vmid = data.hybridops_proxmox_templates.built[each.key].newest.vmid }

  # What the build said stays said; the family is added. The version has its tag by itself.
  tags = setunion(
    [for tag in data.hybridops_proxmox_templates.built[each.key].newest.tags : tag if !startswith(tag, "version-")],
    ["family-${each.key}"],
  )
}

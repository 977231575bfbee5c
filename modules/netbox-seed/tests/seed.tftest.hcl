# Run against a NetBox named by NETBOX_SERVER_URL and NETBOX_API_TOKEN: the lab's (hybridops-lab up), or one of your own
# that nothing depends on.

provider "hybridops" {
  netbox = {}
}

variables {
  object_tags = ["seeded"]

  platform = {
    tags    = { seeded = { color = "4caf50", description = "Made from the platform's description." } }
    tenants = { platform = { name = "Platform team" } }
    regions = {
      eu = { name = "Europe" }
      nl = { name = "Netherlands", parent = "eu" }
    }
    sites = {
      ams1 = { name = "Amsterdam 1", region = "nl", tenant = "platform", time_zone = "Europe/Amsterdam" }
      fra1 = { name = "Frankfurt 1", region = "eu", status = "planned" }
    }
    roles = { servers = { name = "Servers", weight = 100 } }
    vrfs  = { core = { rd = "65000:1", tenant = "platform" } }
    vlan_groups = {
      ams1-lan = { name = "AMS1 LAN", site = "ams1", vid_ranges = [{ start = 100, end = 199 }, { start = 300, end = 309 }] }
    }
    vlans = { servers = { vid = 100, group = "ams1-lan", role = "servers" } }
    prefixes = {
      core    = { prefix = "10.20.0.0/16", vrf = "core", status = "container" }
      servers = { prefix = "10.20.100.0/24", vrf = "core", site = "ams1", vlan = "servers", role = "servers", is_pool = true }
      six     = { prefix = "2001:db8:20::/48", site = "ams1" }
    }
    cluster_types  = { proxmox = { name = "Proxmox VE" } }
    cluster_groups = { onprem = { name = "On premises" } }
    clusters       = { pve-ams1 = { type = "proxmox", group = "onprem", site = "ams1", tenant = "platform" } }
  }
}

run "everything_is_made" {
  assert {
    condition     = length(output.sites) == 2 && length(output.regions) == 2 && length(output.prefixes) == 3
    error_message = "Not every object was made."
  }

  assert {
    condition     = alltrue([for site in hybridops_netbox_site.this : contains(site.tags_all, "seeded")])
    error_message = "A site does not carry the tag of all objects."
  }

  assert {
    condition     = hybridops_netbox_prefix.this["servers"].family == 4 && hybridops_netbox_prefix.this["six"].family == 6
    error_message = "The server did not take the prefixes for what they are."
  }
}

run "nothing_is_left_to_do" {
  command = plan

  assert {
    condition     = output.sites == run.everything_is_made.sites && output.clusters == run.everything_is_made.clusters
    error_message = "A second plan would make something anew."
  }
}

run "a_site_leaves_its_region" {
  variables {
    platform = {
      tags          = { seeded = { color = "4caf50" } }
      sites         = { ams1 = { name = "Amsterdam 1" } }
      prefixes      = { six = { prefix = "2001:db8:20::/48", description = "Global." } }
      cluster_types = { proxmox = { name = "Proxmox VE" } }
    }
  }

  assert {
    condition     = hybridops_netbox_site.this["ams1"].region == null && hybridops_netbox_site.this["ams1"].time_zone == null
    error_message = "The site still has what was removed from it."
  }

  assert {
    condition     = output.sites["ams1"] == run.everything_is_made.sites["ams1"]
    error_message = "The site was made anew."
  }
}

run "host_bits_are_refused" {
  command = plan

  variables {
    platform = { prefixes = { bad = { prefix = "10.20.0.1/16" } } }
  }

  expect_failures = [var.platform]
}

run "a_reference_to_nothing_is_refused" {
  command = plan

  variables {
    platform = { sites = { ams1 = { name = "Amsterdam 1", region = "atlantis" } } }
  }

  expect_failures = [var.platform]
}

run "a_vlan_id_has_bounds" {
  command = plan

  variables {
    platform = { vlans = { bad = { vid = 4095 } } }
  }

  expect_failures = [var.platform]
}

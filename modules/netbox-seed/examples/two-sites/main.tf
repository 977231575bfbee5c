# Two sites with their networks and clusters. The server and the token come from the environment: NETBOX_SERVER_URL,
# NETBOX_API_TOKEN.

terraform {
  required_version = ">= 1.8"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

provider "hybridops" {
  netbox = {
    changelog_message = "seed of the platform"
  }
}

module "seed" {
  source = "../.."

  object_tags = ["platform"]

  platform = {
    tags    = { platform = { name = "Platform", color = "2196f3" } }
    regions = { eu = { name = "Europe" } }
    sites = {
      ams1 = { name = "Amsterdam 1", region = "eu", time_zone = "Europe/Amsterdam" }
      fra1 = { name = "Frankfurt 1", region = "eu", time_zone = "Europe/Berlin" }
    }
    roles = { servers = { name = "Servers" }, storage = { name = "Storage" } }
    vlan_groups = {
      ams1 = { name = "Amsterdam 1", site = "ams1", vid_ranges = [{ start = 100, end = 199 }] }
      fra1 = { name = "Frankfurt 1", site = "fra1", vid_ranges = [{ start = 200, end = 299 }] }
    }
    vlans = {
      ams1-servers = { vid = 110, group = "ams1", role = "servers" }
      fra1-servers = { vid = 210, group = "fra1", role = "servers" }
    }
    prefixes = {
      ams1-servers = { prefix = "10.10.110.0/24", site = "ams1", vlan = "ams1-servers", role = "servers" }
      fra1-servers = { prefix = "10.20.210.0/24", site = "fra1", vlan = "fra1-servers", role = "servers" }
    }
    cluster_types = { proxmox = { name = "Proxmox VE" } }
    clusters = {
      pve-ams1 = { type = "proxmox", site = "ams1" }
      pve-fra1 = { type = "proxmox", site = "fra1" }
    }
  }
}

output "prefixes" {
  description = "Ids of the prefixes, for modules that take addresses from them."
  value       = module.seed.prefixes
}

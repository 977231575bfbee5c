locals {
  prefix_length = split("/", var.network.cidr)[1]

  # Machines by the names of their nodes.
  servers = { for key, server in var.servers : "${var.name}-${key}" => merge(server, { role = "server", size = var.size.servers }) }
  agents  = { for key, agent in var.agents : "${var.name}-${key}" => merge(agent, { role = "agent", size = agent.size == null ? var.size.agents : agent.size }) }

  known_keys = { for name, machine in merge(local.servers, local.agents) : name =>
    machine.host_keys != null ? machine.host_keys : var.ssh.authority != null ? ["@cert-authority ${var.ssh.authority}"] : null
  }
  connections = { for name, machine in merge(local.servers, local.agents) : name => {
    host               = machine.address
    port               = var.ssh.port
    user               = var.ssh.user
    host_keys          = local.known_keys[name]
    become             = var.ssh.become
    jump               = var.ssh.jump
    trust_on_first_use = var.ssh.trust_on_first_use
  } }

  # What Proxmox VE would write, for machines with a seed of their own.
  network_configs = { for name, machine in merge(local.servers, local.agents) : name => yamlencode({
    version = 2
    ethernets = {
      # The name as some renderers take it, the match as others do.
      eth0 = merge(
        {
          match       = { name = "e*" }
          addresses   = ["${machine.address}/${local.prefix_length}"]
          nameservers = { addresses = coalesce(var.network.nameservers, []), search = compact([var.network.search_domain]) }
        },
        var.network.gateway == null ? {} : { routes = [{ to = strcontains(var.network.gateway, ":") ? "::/0" : "0.0.0.0/0", via = var.network.gateway }] },
      )
    }
  }) }
}

# One machine for each node. Servers and agents are spread, each among themselves.
resource "hybridops_proxmox_vm" "this" {
  for_each = merge(local.servers, local.agents)

  name      = each.key
  node      = each.value.node
  nodes     = each.value.node == null ? var.nodes : null
  placement = each.value.node == null ? { policy = "spread", anti_affinity = "${var.name}-${each.value.role}s" } : null
  clone     = { template = var.template, storage = var.storage }

  cpu     = { cores = each.value.size.cores }
  memory  = each.value.size.memory
  disks   = { (var.disk_slot) = { size = each.value.size.disk } }
  network = { net0 = { bridge = var.network.bridge, vlan = var.network.vlan } }

  # Settings of Proxmox VE's own, or a document of yours in a seed image.
  cloud_init = {
    user           = each.value.user_data == null ? var.ssh.user : null
    ssh_keys       = each.value.user_data == null ? var.ssh.keys : null
    nameservers    = each.value.user_data == null ? var.network.nameservers : null
    search_domain  = each.value.user_data == null ? var.network.search_domain : null
    ip_config      = each.value.user_data == null ? { net0 = { ipv4 = "${each.value.address}/${local.prefix_length}", gateway = var.network.gateway } } : null
    user_data      = each.value.user_data
    network_config = each.value.user_data == null ? null : local.network_configs[each.key]
    storage        = each.value.user_data == null ? null : var.seed_storage
  }

  power   = "running"
  on_boot = true
  ha      = var.ha == null ? null : { state = "started", max_restart = var.ha.max_restart, max_relocate = var.ha.max_relocate }
  tags    = setunion(var.tags, [each.value.role, var.name])
}

resource "hybridops_rke2_cluster" "this" {
  name                 = var.name
  version              = var.rke2_version
  channel              = var.channel
  channel_server       = var.channel_server
  keepers              = var.keepers
  registration_address = var.registration_address
  servers              = { for name in keys(local.servers) : name => local.connections[name] }

  config         = var.config
  registries     = var.registries
  proxy          = var.proxy
  environment    = var.environment
  artefacts      = var.artefacts
  etcd_snapshots = var.etcd_snapshots
  upgrade        = var.upgrade
  preflight      = var.preflight
  systemd        = var.systemd

  restore = var.restore == null ? null : {
    epoch    = var.restore.epoch
    snapshot = var.restore.snapshot
    server   = var.restore.server
    token    = var.token
  }

  rotation = var.rotation == null ? null : {
    token_version       = var.rotation.token_version
    token               = var.rotation.token_version == null ? null : var.new_token
    agent_token_version = var.rotation.agent_token_version
    agent_token         = var.rotation.agent_token_version == null ? null : var.new_agent_token
    certificates        = var.rotation.certificates
    encryption_keys     = var.rotation.encryption_keys
  }

  deletion_protection = var.deletion_protection
}

# `machine_id` makes Terraform leave the cluster before a machine goes, and join when the next one is there.
resource "hybridops_rke2_node" "server" {
  for_each = local.servers

  cluster    = hybridops_rke2_cluster.this.spec
  name       = each.key
  role       = "server"
  machine    = local.connections[each.key]
  machine_id = hybridops_proxmox_vm.this[each.key].uuid
  labels     = each.value.labels
  taints     = each.value.taints
  node_ip    = each.value.address

  token                      = var.token
  agent_token                = var.agent_token
  registry_passwords         = var.registry_passwords_version == null ? null : var.registry_passwords
  registry_passwords_version = var.registry_passwords_version

  timeouts = var.timeouts
}

resource "hybridops_rke2_node" "agent" {
  for_each = local.agents

  cluster    = hybridops_rke2_cluster.this.spec
  name       = each.key
  role       = "agent"
  machine    = local.connections[each.key]
  machine_id = hybridops_proxmox_vm.this[each.key].uuid
  labels     = each.value.labels
  taints     = each.value.taints
  node_ip    = each.value.address

  registry_passwords         = var.registry_passwords_version == null ? null : var.registry_passwords
  registry_passwords_version = var.registry_passwords_version

  timeouts = var.timeouts

  # Agents join and are upgraded after the servers, and leave before them.
  depends_on = [hybridops_rke2_node.server]
}

resource "hybridops_netbox_guest" "this" {
  for_each = var.netbox == null ? {} : merge(local.servers, local.agents)

  name     = each.key
  cluster  = var.netbox.cluster
  role     = var.netbox.role
  tenant   = var.netbox.tenant
  platform = var.netbox.platform
  tags     = var.netbox.tags
  serial   = hybridops_proxmox_vm.this[each.key].uuid
  vcpus    = each.value.size.cores
  memory   = each.value.size.memory

  interfaces = {
    net0 = {
      mac_address = hybridops_proxmox_vm.this[each.key].network["net0"].mac_address
      addresses = [{
        address  = "${each.value.address}/${local.prefix_length}"
        dns_name = var.netbox.domain == null ? null : "${each.key}.${var.netbox.domain}"
      }]
    }
  }
}

check "servers_are_apart" {
  assert {
    condition     = length(local.servers) == 1 || length(var.nodes) >= 3
    error_message = "Several servers on fewer than three nodes of Proxmox VE: the loss of one node may be the loss of the majority."
  }

  assert {
    condition     = length(distinct(compact(values(local.servers)[*].node))) == length(compact(values(local.servers)[*].node))
    error_message = "Two servers are put on the same node of Proxmox VE: its loss may be the loss of the majority."
  }
}

variable "name" {
  description = "Name of the cluster. Machines and nodes are called `<name>-<key>`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$", var.name))
    error_message = "name is at most 24 lower-case letters, digits and hyphens, and begins with a letter: it becomes part of host names and of the name of the anti-affinity."
  }
}

variable "rke2_version" {
  description = "Version of all nodes, such as `v1.33.4+rke2r1`. This or `channel`."
  type        = string
  default     = null

  validation {
    condition     = var.rke2_version == null || can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+\\+rke2r[0-9]+$", var.rke2_version))
    error_message = "rke2_version is a version such as v1.33.4+rke2r1, with v and with the release of RKE2."
  }

  validation {
    condition     = (var.rke2_version == null) != (var.channel == null)
    error_message = "Say which version: exactly one of rke2_version and channel."
  }
}

variable "channel" {
  description = "Channel whose version is taken, such as `stable` or `v1.33`. Asked when the cluster is first planned and when this or `keepers` change, not else."
  type        = string
  default     = null
}

variable "keepers" {
  description = "Any texts: the channel is asked again when they change."
  type        = map(string)
  default     = null
}

variable "channel_server" {
  description = "URL of the server of channels. Upstream's unless set."
  type        = string
  default     = null

  validation {
    condition     = var.channel_server == null || can(regex("^https?://.+[^/]$", var.channel_server))
    error_message = "channel_server is a URL without a slash at its end."
  }
}

variable "servers" {
  description = "Servers by a short name: `address` in the network, `node` of Proxmox VE (one of `nodes` unless set), `host_keys` of its SSH server where they are known beforehand, `user_data` (a document for cloud-init in place of the module's settings), `labels`, `taints`. One, three, five or seven."
  type = map(object({
    address   = string
    node      = optional(string)
    host_keys = optional(list(string))
    user_data = optional(string)
    labels    = optional(map(string), {})
    taints    = optional(set(string), [])
  }))
  nullable = false

  validation {
    condition     = contains([1, 3, 5, 7], length(var.servers))
    error_message = "A cluster has one, three, five or seven servers: an even number survives no more losses than the odd one below it."
  }

  validation {
    condition     = alltrue([for name in keys(var.servers) : can(regex("^[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$", name))])
    error_message = "The name of a server is at most 24 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for server in values(var.servers) : can(cidrhost("${server.address}/${split("/", var.network.cidr)[1]}", 0))])
    error_message = "The address of a server is an address without prefix length, such as 10.8.0.11."
  }

  validation {
    condition = alltrue([
      for server in values(var.servers) :
      try(cidrhost("${server.address}/${split("/", var.network.cidr)[1]}", 0) == cidrhost(var.network.cidr, 0), true)
    ])
    error_message = "The address of a server lies outside network.cidr."
  }
}

variable "agents" {
  description = "Agents by a short name, as `servers`; `size` where one is to have more or less than the others."
  type = map(object({
    address   = string
    node      = optional(string)
    host_keys = optional(list(string))
    user_data = optional(string)
    labels    = optional(map(string), {})
    taints    = optional(set(string), [])
    size = optional(object({
      cores  = optional(number, 2)
      memory = optional(number, 4096)
      disk   = optional(string, "60G")
    }))
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.agents) : can(regex("^[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$", name))])
    error_message = "The name of an agent is at most 24 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = length(setintersection(keys(var.agents), keys(var.servers))) == 0
    error_message = "A name is both a server's and an agent's: ${join(", ", setintersection(keys(var.agents), keys(var.servers)))}."
  }

  validation {
    condition = alltrue([
      for agent in values(var.agents) :
      try(cidrhost("${agent.address}/${split("/", var.network.cidr)[1]}", 0) == cidrhost(var.network.cidr, 0), false)
    ])
    error_message = "The address of an agent is an address without prefix length inside network.cidr."
  }

  validation {
    condition     = length(distinct([for node in concat(values(var.servers), values(var.agents)) : node.address])) == length(var.servers) + length(var.agents)
    error_message = "Two nodes have the same address."
  }
}

variable "nodes" {
  description = "Nodes of Proxmox VE the machines are spread over. Servers are kept on different ones as long as there are enough."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.nodes) > 0
    error_message = "Name at least one node of Proxmox VE."
  }

  validation {
    condition     = alltrue([for machine in concat(values(var.servers), values(var.agents)) : machine.node == null || contains(var.nodes, coalesce(machine.node, "-"))])
    error_message = "A server or an agent is put on a node that is not among nodes."
  }
}

variable "template" {
  description = "Name of the template the machines are cloned from: a Linux with systemd, cloud-init and an SSH server. With disks that are not shared, each of `nodes` needs one of that name."
  type        = string
  nullable    = false
}

variable "storage" {
  description = "Storage the disks are copied to. The template's unless set."
  type        = string
  default     = null
}

variable "size" {
  description = "What machines may use: `servers` and `agents`, each `cores`, `memory` in MiB and `disk` such as `60G`."
  type = object({
    servers = optional(object({
      cores  = optional(number, 4)
      memory = optional(number, 8192)
      disk   = optional(string, "60G")
    }), {})
    agents = optional(object({
      cores  = optional(number, 4)
      memory = optional(number, 8192)
      disk   = optional(string, "60G")
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.size.servers.cores >= 2 && var.size.servers.memory >= 4096
    error_message = "A server needs at least 2 cores and 4096 MiB of memory."
  }

  validation {
    condition     = var.size.agents.cores >= 1 && var.size.agents.memory >= 1024 && alltrue([for agent in values(var.agents) : try(agent.size.cores >= 1 && agent.size.memory >= 1024, true)])
    error_message = "An agent needs at least 1 core and 1024 MiB of memory."
  }

  validation {
    condition = alltrue([
      for disk in concat([var.size.servers.disk, var.size.agents.disk], [for agent in values(var.agents) : agent.size.disk if agent.size != null]) :
      can(regex("^[1-9][0-9]*[MGT]$", disk))
    ])
    error_message = "A disk is a size such as 60G."
  }
}

variable "seed_storage" {
  description = "Storage of the seed images of machines with `user_data`; it takes content `iso`."
  type        = string
  default     = null

  validation {
    condition     = var.seed_storage != null || alltrue([for document in concat(values(var.servers)[*].user_data, values(var.agents)[*].user_data) : document == null])
    error_message = "A machine has user_data: its seed image needs seed_storage."
  }
}

variable "disk_slot" {
  description = "Slot of the template's disk."
  type        = string
  default     = "scsi0"
  nullable    = false
}

variable "network" {
  description = "Network of the machines: `bridge`, `cidr`, `gateway`, `vlan`, `nameservers`, `search_domain`."
  type = object({
    bridge        = string
    cidr          = string
    gateway       = optional(string)
    vlan          = optional(number)
    nameservers   = optional(list(string))
    search_domain = optional(string)
  })
  nullable = false

  validation {
    condition     = can(cidrhost(var.network.cidr, 0)) && strcontains(var.network.cidr, "/")
    error_message = "network.cidr is a network such as 10.8.0.0/24."
  }

  validation {
    condition     = var.network.gateway == null || try(cidrhost("${var.network.gateway}/${split("/", var.network.cidr)[1]}", 0) == cidrhost(var.network.cidr, 0), false)
    error_message = "network.gateway is an address inside network.cidr, without prefix length."
  }
}

variable "ssh" {
  description = "How machines are reached: `keys` (public keys that may log in), `user` that cloud-init makes, `become` root, `port`, `authority` (public key of the authority that signs host keys), `trust_on_first_use` (whoever answers first is believed: for a laboratory), `jump`. Host keys that are known beforehand stand with the machines; the provider's `known_hosts` holds for the others."
  type = object({
    keys               = list(string)
    user               = optional(string, "hybridops")
    become             = optional(string, "sudo")
    port               = optional(number)
    authority          = optional(string)
    trust_on_first_use = optional(bool)
    jump = optional(list(object({
      host      = string
      port      = optional(number)
      user      = optional(string)
      host_keys = optional(list(string))
    })))
  })
  nullable = false

  validation {
    condition     = length(var.ssh.keys) > 0 && alltrue([for key in var.ssh.keys : can(regex("^(ssh|ecdsa|sk)-[a-z0-9@.-]+ ", key))])
    error_message = "ssh.keys are public keys such as `ssh-ed25519 AAAA…`, at least one: without it nobody gets in."
  }

  validation {
    condition     = contains(["none", "sudo", "doas"], var.ssh.become)
    error_message = "ssh.become is none, sudo or doas."
  }

  validation {
    condition     = var.ssh.become != "none" || var.ssh.user == "root"
    error_message = "ssh.become is none while ssh.user is not root: a node is made by root."
  }

  validation {
    condition     = var.ssh.authority == null || can(regex("^(ssh|ecdsa)-[a-z0-9@.-]+ ", var.ssh.authority))
    error_message = "ssh.authority is a public key such as `ssh-ed25519 AAAA…`, without @cert-authority."
  }
}

variable "registration_address" {
  description = "Name or address by which nodes stay with the cluster when servers come and go: a record of DNS, a load balancer or a virtual address. It need not answer while the cluster is made."
  type        = string
  default     = null

  validation {
    condition     = var.registration_address == null || can(regex("^[A-Za-z0-9][A-Za-z0-9.:-]*$", var.registration_address))
    error_message = "registration_address is a host name or an address, without scheme and port."
  }
}

variable "config" {
  description = "What all nodes are configured with; attributes as `config` of `hybridops_rke2_cluster`. Say `ingress_controller` always: RKE2's own choice became another one with 1.36."
  type = object({
    cni                         = optional(string, "canal")
    cluster_cidr                = optional(string, "10.42.0.0/16")
    service_cidr                = optional(string, "10.43.0.0/16")
    cluster_dns                 = optional(string)
    cluster_domain              = optional(string)
    tls_san                     = optional(set(string))
    disable                     = optional(set(string))
    disable_kube_proxy          = optional(bool)
    disable_cloud_controller    = optional(bool)
    egress_selector_mode        = optional(string)
    secrets_encryption          = optional(bool)
    secrets_encryption_provider = optional(string)
    system_default_registry     = optional(string)
    write_kubeconfig_mode       = optional(string)
    ingress_controller          = optional(string, "ingress-nginx")
    profile                     = optional(string)
    extra                       = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^(multus,)?(canal|cilium|calico|flannel|none)$", var.config.cni))
    error_message = "config.cni is canal, cilium, calico, flannel or none, with or without `multus,` before it."
  }

  validation {
    condition     = contains(["ingress-nginx", "traefik", "none"], var.config.ingress_controller)
    error_message = "config.ingress_controller is ingress-nginx, traefik or none."
  }

  validation {
    condition     = var.config.profile == null || contains(["cis", "etcd"], coalesce(var.config.profile, "cis"))
    error_message = "config.profile is cis or etcd."
  }

  validation {
    condition = alltrue([
      for network in concat(split(",", var.config.cluster_cidr), split(",", var.config.service_cidr)) :
      can(cidrhost(trimspace(network), 0))
    ])
    error_message = "config.cluster_cidr and config.service_cidr are networks such as 10.42.0.0/16, separated by a comma."
  }

  validation {
    # Two networks overlap where they are the same as far as the shorter prefix reaches; of two families they never do.
    condition = alltrue(flatten([
      for own in concat(split(",", var.config.cluster_cidr), split(",", var.config.service_cidr)) : try(
        cidrhost("${split("/", trimspace(own))[0]}/${min(split("/", trimspace(own))[1], split("/", var.network.cidr)[1])}", 0) !=
        cidrhost("${split("/", var.network.cidr)[0]}/${min(split("/", trimspace(own))[1], split("/", var.network.cidr)[1])}", 0),
        true
      )
    ]))
    error_message = "config.cluster_cidr or config.service_cidr overlaps network.cidr: packets to machines would end in the cluster."
  }

  validation {
    condition     = var.config.extra == null || can(keys(yamldecode(coalesce(var.config.extra, "{}"))))
    error_message = "config.extra is YAML of keys and values: yamlencode({ \"kubelet-arg\" = [\"max-pods=200\"] })."
  }
}

variable "registries" {
  description = "Where images come from: `mirrors` and `configs` as in `hybridops_rke2_cluster`. Passwords come by `registry_passwords`."
  type = object({
    mirrors = optional(map(object({
      endpoint = list(string)
      rewrite  = optional(map(string))
    })))
    configs = optional(map(object({
      username             = optional(string)
      ca_file              = optional(string)
      cert_file            = optional(string)
      key_file             = optional(string)
      insecure_skip_verify = optional(bool)
    })))
  })
  default = null

  validation {
    condition = var.registries == null ? true : alltrue(flatten([
      for mirror in values(coalesce(var.registries.mirrors, {})) : [for url in mirror.endpoint : can(regex("^https?://", url))]
    ]))
    error_message = "An endpoint of a mirror is a URL such as https://registry.example.com."
  }
}

variable "registry_passwords" {
  description = "Passwords by the registry's name, for those of `registries.configs` with a `username`. Never stored; sent when `registry_passwords_version` is set, and again when it is raised."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true
}

variable "registry_passwords_version" {
  description = "Raise it to send `registry_passwords` again."
  type        = number
  default     = null
}

variable "proxy" {
  description = "Proxy of the nodes: `http`, `https`, `no_proxy`. The networks of the cluster and the addresses of its nodes never go through it."
  type = object({
    http     = optional(string)
    https    = optional(string)
    no_proxy = optional(list(string))
  })
  default = null

  validation {
    condition     = var.proxy == null ? true : alltrue([for url in compact([var.proxy.http, var.proxy.https]) : can(regex("^https?://", url))])
    error_message = "A proxy is a URL such as http://proxy.example.com:3128."
  }
}

variable "environment" {
  description = "Variables of the service on all nodes. Everybody may read them."
  type        = map(string)
  default     = null
}

variable "artefacts" {
  description = "Where programs and images come from: `source` (URL or directory), `sha256` by file, `images` (sets that are sent to nodes without a registry), `ca_certificate`. Upstream's releases unless set."
  type = object({
    source         = optional(string)
    sha256         = optional(map(string))
    images         = optional(set(string))
    ca_certificate = optional(string)
  })
  default = null

  validation {
    condition     = var.artefacts == null ? true : alltrue([for sum in values(coalesce(var.artefacts.sha256, {})) : can(regex("^[0-9a-f]{64}$", sum))])
    error_message = "A sum of artefacts.sha256 is 64 lower-case hexadecimal digits."
  }
}

variable "etcd_snapshots" {
  description = "Snapshots that servers take by themselves: `schedule` as cron writes it, `retention`, `directory`, `compress`, `s3`. The keys of S3 come from the provider's `object_storage` section. Every six hours unless set."
  type = object({
    schedule  = optional(string, "0 */6 * * *")
    retention = optional(number)
    directory = optional(string)
    compress  = optional(bool)
    s3 = optional(object({
      bucket          = string
      folder          = optional(string)
      endpoint        = optional(string)
      region          = optional(string)
      retention       = optional(number)
      ca_certificate  = optional(string)
      skip_ssl_verify = optional(bool)
      insecure        = optional(bool)
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^(\\S+ ){4}\\S+$|^@(hourly|daily|weekly|monthly)$", var.etcd_snapshots.schedule))
    error_message = "etcd_snapshots.schedule has five fields as cron writes them, such as 0 */6 * * *."
  }

  validation {
    condition     = try(var.etcd_snapshots.s3.bucket, null) == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.etcd_snapshots.s3.bucket))
    error_message = "etcd_snapshots.s3.bucket is the name of a bucket, without s3:// and without a folder."
  }
}

variable "upgrade" {
  description = "How nodes are changed while the cluster works: `drain`, `drain_timeout`, `agents_at_once`, `snapshot` (before servers are changed)."
  type = object({
    drain          = optional(bool, true)
    drain_timeout  = optional(string, "10m")
    agents_at_once = optional(number, 5)
    snapshot       = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^([0-9]+(h|m|s))+$", var.upgrade.drain_timeout))
    error_message = "upgrade.drain_timeout is a duration such as 10m."
  }

  validation {
    condition     = var.upgrade.agents_at_once >= 1 && var.upgrade.agents_at_once <= 50
    error_message = "upgrade.agents_at_once is between 1 and 50."
  }
}

variable "preflight" {
  description = "What is looked at before a machine becomes a node: `accept` names the findings that are no reason to refuse, by their codes."
  type = object({
    accept = optional(set(string), [])
  })
  default  = {}
  nullable = false
}

variable "restore" {
  description = "Sets the cluster back to a snapshot when `epoch` rises: `snapshot` (`name`, or `latest`; on `server`, else in the store of `etcd_snapshots`), `server` that is set back first. The token of the time of the snapshot comes by `token`."
  type = object({
    epoch = number
    snapshot = object({
      name       = string
      server     = optional(string)
      directory  = optional(string)
      cluster_id = optional(string)
    })
    server = optional(string)
  })
  default = null

  validation {
    condition     = var.restore == null ? true : var.restore.epoch >= 1 && floor(var.restore.epoch) == var.restore.epoch
    error_message = "restore.epoch is a whole number from 1 on: any above the last one."
  }

  validation {
    condition     = var.restore == null ? true : var.restore.snapshot.server != null || var.etcd_snapshots.s3 != null
    error_message = "restore.snapshot names no server that has the file, and etcd_snapshots has no s3 where it could be."
  }
}

variable "token" {
  description = "Token of the cluster, for its birth. Without it the first server makes one. Keep it: no snapshot can be restored without it. Never stored."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "agent_token" {
  description = "Token with which agents join instead of the servers', for the cluster's birth. Never stored."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "rotation" {
  description = "Raise a number to have something made anew, one server at a time: `token_version` and `agent_token_version` (tokens: those of `new_token` and `new_agent_token`, at random where they are not given), `certificates`, `encryption_keys`."
  type = object({
    token_version       = optional(number)
    agent_token_version = optional(number)
    certificates        = optional(number)
    encryption_keys     = optional(number)
  })
  default = null

  validation {
    condition = var.rotation == null ? true : alltrue([
      for number in values(var.rotation) : number == null ? true : number >= 1 && floor(number) == number
    ])
    error_message = "The numbers of rotation are whole and count from 1: the next is any above the last."
  }
}

variable "new_token" {
  description = "Token of servers that `rotation.token_version` brings. Keep it, and the one before it: a snapshot is restored with the token of its time. Never stored."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "new_agent_token" {
  description = "Token of agents that `rotation.agent_token_version` brings. Never stored."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "systemd" {
  description = "What the service gets beside what RKE2's own unit says: `after`, `wants`, `requires` (units), `requires_mounts_for` and `environment_files` (paths), `limits`. A change restarts the nodes, one server at a time."
  type = object({
    after               = optional(set(string))
    wants               = optional(set(string))
    requires            = optional(set(string))
    requires_mounts_for = optional(set(string))
    environment_files   = optional(list(string))
    limits = optional(object({
      core          = optional(string)
      locked_memory = optional(string)
      open_files    = optional(string)
      processes     = optional(string)
      tasks         = optional(string)
    }))
  })
  default = null
}

variable "ha" {
  description = "Whether Proxmox VE's high availability keeps the machines running; `max_restart`, `max_relocate`. Null for none."
  type = object({
    max_restart  = optional(number, 2)
    max_relocate = optional(number, 1)
  })
  default = null
}

variable "tags" {
  description = "Tags of all machines, beside `server` or `agent` and the cluster's name."
  type        = set(string)
  default     = ["kubernetes", "rke2"]
  nullable    = false

  validation {
    condition     = alltrue([for tag in var.tags : can(regex("^[a-z0-9_][a-z0-9_.+-]*$", tag))])
    error_message = "A tag is lower-case letters, digits, `_`, `.`, `+` and `-`."
  }
}

variable "netbox" {
  description = "Records of the machines in NetBox: `cluster`, `role`, `tenant`, `platform`, `tags`, `domain` of their names. None unless set; what it names must be there."
  type = object({
    cluster  = string
    role     = optional(string)
    tenant   = optional(string)
    platform = optional(string)
    tags     = optional(set(string))
    domain   = optional(string)
  })
  default = null
}

variable "deletion_protection" {
  description = "Whether the last server is kept from being destroyed, and all data of the cluster with it."
  type        = bool
  default     = true
  nullable    = false
}

variable "timeouts" {
  description = "How long a node may take to join (`create`), to change (`update`) and to leave (`delete`), the waiting for others included."
  type = object({
    create = optional(string, "60m")
    update = optional(string, "90m")
    delete = optional(string, "60m")
  })
  default  = {}
  nullable = false
}

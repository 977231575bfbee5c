variable "name" {
  description = "Name of the member and host name of its container."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$", var.name))
    error_message = "name is at most 50 lower-case letters, digits and hyphens."
  }
}

variable "node" {
  description = "Node of Proxmox VE the container is on."
  type        = string
}

variable "node_machine" {
  description = "How the node's shell is reached by SSH, where it is not the address the cluster tells with what the provider's `ssh` section says."
  type = object({
    host      = string
    port      = optional(number)
    user      = optional(string)
    host_keys = optional(list(string))
    become    = optional(string)
  })
  default = null
}

variable "template" {
  description = "Container template of Debian or Ubuntu, a volume such as `local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst`. Another one builds the container anew on its data."
  type        = string

  validation {
    condition     = can(regex(":vztmpl/", var.template))
    error_message = "template is a volume such as local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst."
  }
}

variable "network" {
  description = "Interface of the container. `address` has a prefix length."
  type = object({
    bridge   = string
    address  = string
    gateway  = optional(string)
    vlan     = optional(number)
    mtu      = optional(number)
    firewall = optional(bool, false)
  })

  validation {
    condition     = can(cidrhost(var.network.address, 0)) && strcontains(var.network.address, "/")
    error_message = "network.address is an address with prefix length such as 10.6.0.10/24: a database does not move about."
  }
}

variable "size" {
  description = "What the container may use: `cores`, `memory` and `swap` in MiB, `root` disk such as `8G`. Settings of the server are derived from it."
  type = object({
    cores  = optional(number, 2)
    memory = optional(number, 4096)
    swap   = optional(number, 512)
    root   = optional(string, "8G")
  })
  default = {}

  validation {
    condition     = var.size.memory >= 512
    error_message = "size.memory is at least 512 MiB."
  }
}

variable "root_storage" {
  description = "Storage of the root disk; content type `rootdir`."
  type        = string
}

variable "data" {
  description = "Where the data is kept: `host_path` (a directory of the node, prepared there; `zfs_dataset` mounts a data set there), or `storage` and `size` (a volume of the container)."
  type = object({
    host_path   = optional(string)
    zfs_dataset = optional(string)
    storage     = optional(string)
    size        = optional(string)
    idmap_base  = optional(number, 100000)
  })

  validation {
    condition     = (var.data.host_path == null) != (var.data.storage == null)
    error_message = "data is either host_path, or storage and size."
  }

  validation {
    condition     = (var.data.storage == null) == (var.data.size == null)
    error_message = "data.storage and data.size go together."
  }
}

variable "dns" {
  description = "Name resolution inside the container: `servers`, `search_domain`. The node's unless set."
  type = object({
    servers       = optional(list(string))
    search_domain = optional(string)
  })
  default = null
}

variable "tags" {
  description = "Tags of the container."
  type        = set(string)
  default     = ["postgresql", "standby"]
}

variable "ssh_keys" {
  description = "Public keys of root in the container, used when it is made."
  type        = list(string)
  default     = []
}

variable "backup" {
  description = "The archive of the primary, the same: `storage` (one of `s3`, `gcs`, `azure`, `file`, `sftp`), `wal_g` (the program), `schedule`, `window`, and so on. The standby writes to it once it is the primary. Null for none."
  type = object({
    storage = object({
      s3 = optional(object({
        prefix           = string
        endpoint         = optional(string)
        region           = optional(string)
        force_path_style = optional(bool)
        ca_certificate   = optional(string)
        storage_class    = optional(string)
        max_retries      = optional(number)
      }))
      gcs   = optional(any)
      azure = optional(any)
      file  = optional(any)
      sftp  = optional(any)
    })
    wal_g = object({
      url     = optional(string)
      file    = optional(string)
      binary  = optional(string)
      sha256  = optional(string)
      version = optional(string)
    })
    credentials_version = optional(number)
    schedule            = optional(string, "02:00")
    window              = optional(string, "30d")
    minimum_verified    = optional(number, 1)
    compression         = optional(string, "zstd")
    metrics_directory   = optional(string, "/var/lib/prometheus/node-exporter")
  })
  default = null

  validation {
    condition = var.backup == null ? true : length([
      for kind in ["s3", "gcs", "azure", "file", "sftp"] : kind if var.backup.storage[kind] != null
    ]) == 1
    error_message = "backup.storage is exactly one of s3, gcs, azure, file and sftp."
  }

  validation {
    condition     = var.backup == null ? true : can(regex("^[1-9][0-9]{0,4}[dhw]$", var.backup.window))
    error_message = "backup.window is a number of days, hours or weeks such as 30d."
  }
}

variable "backup_credentials" {
  description = "What WAL-G shows to the storage: `access_key_id` and `secret_access_key` for S3, and so on. Never stored. Sent when `backup.credentials_version` is set; raise it to send them again."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true
}

variable "objectives" {
  description = "What a disaster may cost: `rpo` and `rto` such as `60s` and `15m`. Settings, timers and alarms are derived from them."
  type = object({
    rpo = optional(string)
    rto = optional(string)
  })
  default = { rpo = "60s", rto = "15m" }
}

variable "deletion_protection" {
  description = "Whether destroying and replacing are refused."
  type        = bool
  default     = true
}

variable "timeout" {
  description = "How long one change may take."
  type        = string
  default     = "60m"
}

variable "primary" {
  description = "The primary it follows: `host` and `port`."
  type = object({
    host = string
    port = optional(number, 5432)
  })
}

variable "replication" {
  description = "Role by which it follows the primary: `user` with LOGIN and REPLICATION, let in by the primary's access rules for the database `replication`. Raise `password_version` to send the password again."
  type = object({
    user             = optional(string, "replicator")
    password_version = optional(number, 1)
  })
  default = {}
}

variable "replication_password" {
  description = "Password of that role. Never stored."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "postgresql" {
  description = "PostgreSQL: `version` (the primary's), `cluster`, `port`, `listen_addresses`, `settings` (none below the primary's), `access` rules for when it is the primary."
  type = object({
    version          = optional(number, 15)
    cluster          = optional(string, "main")
    port             = optional(number, 5432)
    listen_addresses = optional(list(string), ["*"])
    settings         = optional(map(string), {})
    access = optional(list(object({
      type      = optional(string, "host")
      databases = optional(list(string), ["all"])
      users     = optional(list(string), ["all"])
      address   = optional(string)
      method    = optional(string, "scram-sha-256")
    })))
    repository = optional(string, "distribution")
  })
  default = {}

  validation {
    condition     = var.postgresql.version >= 13 && var.postgresql.version <= 18
    error_message = "postgresql.version is a major version from 13 to 18."
  }

  validation {
    condition     = alltrue([for rule in coalesce(var.postgresql.access, []) : rule.method != "trust"])
    error_message = "This module believes nobody without a proof: no access rule has the method trust."
  }
}

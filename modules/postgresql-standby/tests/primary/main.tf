# The primary that the standby follows.

terraform {
  required_providers {
    hybridops = {
      source = "hybridops-studio/hybridops"
    }
  }
}

variable "node" {
  type = string
}

variable "node_machine" {
  type = object({
    host      = string
    port      = optional(number)
    host_keys = optional(list(string))
  })
  default = null
}

variable "template" {
  type = string
}

variable "root_storage" {
  type = string
}

variable "network" {
  type = object({ bridge = string, address = string })
}

variable "replication_password" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "hybridops_postgresql_lxc" "primary" {
  name = "db-01"

  container = {
    node          = var.node
    node_machines = var.node_machine == null ? {} : { (var.node) = var.node_machine }
    template      = var.template
    cores         = 2
    memory        = 1024
    root_disk     = { storage = var.root_storage, size = "2G" }
    network       = var.network
  }

  data = { host_path = "/srv/db-01" }

  postgresql = {
    version          = 15
    listen_addresses = ["*"]
    access           = [{ databases = ["replication", "postgres"], users = ["replicator"], address = "10.0.0.0/8" }]
    roles = {
      replicator = { login = true, replication = true, password = var.replication_password, password_version = 1 }
    }
  }

  deletion_protection = false
}

output "address" {
  value = split("/", var.network.address)[0]
}

output "status" {
  value = hybridops_postgresql_lxc.primary.status
}

output "system_identifier" {
  value = hybridops_postgresql_lxc.primary.status.system_identifier
}

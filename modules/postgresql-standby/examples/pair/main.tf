# A primary on one node and its standby on another.

terraform {
  required_version = ">= 1.11"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

variable "replication_password" {
  description = "Password of the role by which the standby follows."
  type        = string
  sensitive   = true
  ephemeral   = true
}

provider "hybridops" {
  proxmox = {}
  ssh     = { known_hosts = file("known_hosts") }
}

locals {
  template = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst"
  access = [
    { databases = ["app"], users = ["app"], address = "10.6.0.0/24" },
    { databases = ["replication", "postgres"], users = ["replicator"], address = "10.6.0.0/24" },
  ]
}

module "db_01" {
  source = "../../../postgresql-lxc"

  name           = "db-01"
  node           = "pve1"
  template       = local.template
  root_storage   = "local-zfs"
  network        = { bridge = "vmbr6", address = "10.6.0.10/24", gateway = "10.6.0.1" }
  data           = { host_path = "/srv/db-01" }
  postgresql     = { access = local.access }
  roles          = { replicator = { replication = true } }
  role_passwords = { replicator = var.replication_password }
}

module "db_02" {
  source = "../.."

  name         = "db-02"
  node         = "pve2"
  template     = local.template
  root_storage = "local-zfs"
  network      = { bridge = "vmbr6", address = "10.6.0.11/24", gateway = "10.6.0.1" }
  data         = { host_path = "/srv/db-02" }
  postgresql   = { access = local.access }

  primary              = { host = module.db_01.address, port = module.db_01.port }
  replication_password = var.replication_password
}

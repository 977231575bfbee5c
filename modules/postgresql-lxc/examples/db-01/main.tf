# db-01: the data on a ZFS data set of the node, an archive in S3 that is tried by a restore drill, a record in NetBox.

terraform {
  required_version = ">= 1.11"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

variable "app_password" {
  description = "Password of the role app."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "s3" {
  description = "What WAL-G shows to the store."
  type        = object({ access_key_id = string, secret_access_key = string })
  sensitive   = true
  ephemeral   = true
}

variable "wal_g_sha256" {
  description = "Checksum of WAL-G's program, published beside it as wal-g-pg-22.04-amd64.sha256."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.wal_g_sha256))
    error_message = "wal_g_sha256 is a checksum of 64 hexadecimal digits."
  }
}

provider "hybridops" {
  proxmox = {}
  netbox  = {}
  ssh     = { known_hosts = file("known_hosts") }
}

module "db_01" {
  source = "../.."

  name         = "db-01"
  node         = "pve1"
  template     = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst"
  root_storage = "local-zfs"
  network      = { bridge = "vmbr6", address = "10.6.0.10/24", gateway = "10.6.0.1" }
  size         = { cores = 4, memory = 8192, root = "16G" }
  data         = { host_path = "/srv/db-01", zfs_dataset = "rpool/data/db-01" }

  postgresql = {
    version   = 15
    settings  = { max_connections = "200" }
    access    = [{ databases = ["app"], users = ["app"], address = "10.6.0.0/24" }]
    databases = { app = { owner = "app", extensions = ["pg_trgm"] } }
  }
  roles          = { app = {} }
  role_passwords = { app = var.app_password }

  backup = {
    storage = { s3 = { prefix = "s3://walg/db-01", region = "eu-central-1" } }
    window  = "30d"
    # Raised when the credentials change.
    credentials_version = 1
    wal_g = {
      url    = "https://github.com/wal-g/wal-g/releases/download/v3.0.9/wal-g-pg-22.04-amd64"
      sha256 = var.wal_g_sha256
    }
  }
  backup_credentials = var.s3

  # Restored beside the server, checked and taken away again; entered by the container's own SSH server.
  ssh_keys = [trimspace(file("id_ed25519.pub"))]
  drill    = { max_age = "7d" }

  netbox = { cluster = "pve", role = "database", platform = "debian", dns_name = "db-01.example.com" }
}

output "connect" {
  value = "postgresql://app@${module.db_01.address}:${module.db_01.port}/app"
}

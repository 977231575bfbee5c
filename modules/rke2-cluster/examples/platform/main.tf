# platform: three servers and two agents, snapshots in S3, records in NetBox.

terraform {
  required_version = ">= 1.11"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

variable "token" {
  description = "Token of the cluster: kept where passwords are kept."
  type        = string
  sensitive   = true
  ephemeral   = true
}

provider "hybridops" {
  proxmox = {}
  netbox  = {}
  ssh     = {}
}

module "platform" {
  source = "../.."

  name         = "platform"
  rke2_version = "v1.33.4+rke2r1"
  nodes        = ["pve1", "pve2", "pve3"]
  template     = "debian-12"
  network      = { bridge = "vmbr8", cidr = "10.8.0.0/24", gateway = "10.8.0.1", nameservers = ["10.8.0.2"] }
  ssh = {
    keys      = [trimspace(file("id_ed25519.pub"))]
    authority = trimspace(file("host-ca.pub"))
  }

  servers = {
    a = { address = "10.8.0.11" }
    b = { address = "10.8.0.12" }
    c = { address = "10.8.0.13" }
  }
  agents = {
    d = { address = "10.8.0.21" }
    e = { address = "10.8.0.22", labels = { "example.com/disk" = "ssd" } }
  }

  registration_address = "rke2.example.com"
  token                = var.token

  etcd_snapshots = {
    s3 = { bucket = "snapshots", folder = "platform", region = "eu-central-1" }
  }

  netbox = { cluster = "pve", role = "kubernetes", platform = "debian", domain = "example.com" }
}

output "endpoint" {
  value = module.platform.endpoint
}

output "nodes" {
  value = module.platform.nodes
}

# Linux templates from the publishers' images on two nodes, and the Windows template that Packer builds.

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
  proxmox = {}
}

variable "nodes" {
  description = "Nodes of the cluster."
  type        = set(string)
}

variable "mirrors" {
  description = "Mirrors of the publishers' images."
  type        = map(string)
  default     = {}
}

module "templates" {
  source = "../.."

  nodes   = var.nodes
  storage = { disks = "local-lvm", images = "local" }
  mirrors = var.mirrors

  images = {
    ubuntu-24-04 = {}
    debian-13    = { memory = 1024 }
    rocky-9      = { disk_size = "30G" }
  }
  packer_builds = {
    windows-2022 = { tags = ["packer", "windows-2022"] }
  }
}

output "newest" {
  description = "Number of the newest template of each family by node."
  value       = module.templates.newest
}

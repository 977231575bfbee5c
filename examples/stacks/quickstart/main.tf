# One template from one cloud image, and what the cluster says about itself.
# The cluster and the token come from the environment: PROXMOX_VE_ENDPOINT, PROXMOX_VE_API_TOKEN.

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

resource "hybridops_proxmox_template" "base" {
  name    = "base"
  version = var.template_version
  node    = var.node

  image = {
    url      = var.image_url
    checksum = var.image_checksum
    storage  = var.image_storage
  }
  disk = {
    storage = var.disk_storage
    size    = "4G"
  }

  cpu    = { cores = 2 }
  memory = 2048
  tags   = ["quickstart", "hybridops"]

  network = {
    net0 = { bridge = "vmbr0" }
  }
}

data "hybridops_proxmox_version" "this" {}

data "hybridops_proxmox_nodes" "all" {}

data "hybridops_proxmox_storages" "all" {}

data "hybridops_proxmox_templates" "base" {
  tags = { all = ["quickstart"] }

  depends_on = [hybridops_proxmox_template.base]
}

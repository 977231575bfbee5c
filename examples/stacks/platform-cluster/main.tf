# A cluster from nothing: a template of a cloud image, machines cloned from it, RKE2 on them, and on that what lets Git do
# the rest. Proxmox VE comes from the environment: PROXMOX_VE_ENDPOINT, PROXMOX_VE_API_TOKEN. The key that machines are
# entered with too: HYBRIDOPS_SSH_PRIVATE_KEY.

terraform {
  required_version = ">= 1.11"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

provider "hybridops" {
  proxmox = {}
  ssh     = {}
}

# 1. What machines are cloned from.
module "templates" {
  source = "../../../modules/proxmox-templates"

  nodes   = coalesce(var.template_nodes, var.nodes)
  storage = var.storage
  images  = { (var.image.family) = { url = var.image.url, checksum = var.image.checksum, checksum_url = var.image.checksum_url } }
  mirrors = var.mirrors
  bridge  = var.network.bridge
}

locals {
  # Machines are cloned by name, and the plan looks the name up: it is known as soon as the templates are there.
  template = one(distinct([for template in values(module.templates.templates) : template.name if template.vmid > 0]))
}

# 2. Machines, spread over the nodes, and the cluster on them. A machine that is replaced leaves the cluster before it
# goes, and the next one joins when it is there.
module "cluster" {
  source = "../../../modules/rke2-cluster"

  name         = var.name
  rke2_version = var.rke2_version
  nodes        = var.nodes
  template     = local.template
  seed_storage = var.seed_storage
  size         = var.size
  network      = var.network
  ssh          = var.ssh

  servers              = var.servers
  agents               = var.agents
  registration_address = var.registration_address
  token                = var.token

  artefacts      = var.artefacts
  preflight      = var.preflight
  etcd_snapshots = var.etcd_snapshots

  deletion_protection = var.deletion_protection
}

# 3. Volumes, secrets, and Argo CD with the application that holds all others. It goes through the SSH connection to the
# first server, when every node has joined.
module "gitops" {
  source = "../../../modules/gitops-bootstrap"

  cluster = {
    server       = values(module.cluster.cluster.servers)[0]
    distribution = "rke2"
  }

  app_of_apps                    = var.app_of_apps
  repository_credentials         = var.repository_credentials
  repository_credentials_version = var.repository_credentials_version
  external_secrets               = { stores = var.secret_stores }
  longhorn                       = { replicas = min(length(var.servers) + length(var.agents), 3) }

  on_destroy = var.deletion_protection ? "refuse" : "delete"
}

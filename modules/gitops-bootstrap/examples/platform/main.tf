# GitOps on a cluster that is there, whose first server is entered by SSH.

terraform {
  required_version = ">= 1.11"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

variable "git_token" {
  description = "Token with which Argo CD reads the repository."
  type        = string
  sensitive   = true
  ephemeral   = true
}

provider "hybridops" {
  ssh = {}
}

module "gitops" {
  source = "../.."

  cluster = { server = { host = "10.8.0.11", user = "admin", become = "sudo" } }

  app_of_apps = {
    repo_url = "https://git.example.com/platform/apps.git"
    path     = "clusters/platform"
  }
  repository_credentials         = { username = "argocd", password = var.git_token }
  repository_credentials_version = 1

  external_secrets = {
    stores = {
      vault = yamlencode({ provider = { vault = { server = "https://vault.example.com", path = "kv", version = "v2" } } })
    }
  }
  longhorn = { replicas = 2 }
}

output "namespaces" {
  value = module.gitops.namespaces
}

variable "git_password" {
  type      = string
  ephemeral = true
}

locals {
  cluster = { server = { host = "10.8.0.11", host_keys = [file("platform-a.pub")] } }
}

# Argo CD from the catalogue, with the root of an app-of-apps.
resource "hybridops_kubernetes_addon" "argo_cd" {
  name      = "argo-cd"
  cluster   = local.cluster
  catalogue = "argo-cd"
  chart     = { values = yamlencode({ configs = { cm = { url = "https://argocd.example.net" } } }) }

  # Goes to the chart by way of a Secret, and into no state.
  values_secret         = yamlencode({ configs = { repositories = { platform = { password = var.git_password } } } })
  values_secret_version = 1

  manifests = [yamlencode({
    apiVersion = "argoproj.io/v1alpha1"
    kind       = "Application"
    metadata   = { name = "platform", namespace = "argocd" }
    spec = {
      project     = "default"
      source      = { repoURL = "https://git.example.net/platform.git", path = "apps", targetRevision = "main" }
      destination = { server = "https://kubernetes.default.svc", namespace = "argocd" }
      syncPolicy  = { automated = { prune = true, selfHeal = true } }
    }
  })]
}

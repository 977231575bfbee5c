locals {
  timeouts = { create = var.timeout, update = var.timeout, delete = var.timeout }

  # Ours under what was given: top-level keys of the latter win.
  longhorn_values = var.longhorn == null ? "" : yamlencode(merge(
    { persistence = { defaultClass = var.longhorn.default_class, defaultClassReplicaCount = var.longhorn.replicas, reclaimPolicy = "Retain" } },
    try(yamldecode(var.longhorn.values), {}),
  ))

  root = var.app_of_apps == null ? null : {
    apiVersion = "argoproj.io/v1alpha1"
    kind       = "Application"
    metadata = merge(
      { name = var.app_of_apps.name, namespace = hybridops_kubernetes_addon.argo_cd[0].namespace },
      var.app_of_apps.cascade ? { finalizers = ["resources-finalizer.argocd.argoproj.io"] } : {},
    )
    spec = {
      project = var.app_of_apps.project
      source = {
        repoURL        = var.app_of_apps.repo_url
        targetRevision = var.app_of_apps.revision
        path           = var.app_of_apps.path
        directory      = { recurse = var.app_of_apps.recurse }
      }
      destination = { server = "https://kubernetes.default.svc", namespace = hybridops_kubernetes_addon.argo_cd[0].namespace }
      syncPolicy  = { automated = { prune = var.app_of_apps.prune, selfHeal = var.app_of_apps.self_heal } }
    }
  }
}

# Volumes first: what comes later may need them.
resource "hybridops_kubernetes_addon" "longhorn" {
  count = var.longhorn == null ? 0 : 1

  name      = "longhorn"
  cluster   = var.cluster
  catalogue = "longhorn"
  chart = {
    version = var.longhorn.version
    repo    = var.longhorn.repo
    repo_ca = var.longhorn.repo_ca
    content = var.longhorn.content
    timeout = var.longhorn.timeout
    values  = local.longhorn_values
  }

  on_destroy = var.on_destroy
  timeouts   = local.timeouts
}

resource "hybridops_kubernetes_addon" "external_secrets" {
  count = var.external_secrets == null ? 0 : 1

  name      = "external-secrets"
  cluster   = var.cluster
  catalogue = "external-secrets"
  chart = {
    version = var.external_secrets.version
    repo    = var.external_secrets.repo
    repo_ca = var.external_secrets.repo_ca
    content = var.external_secrets.content
    timeout = var.external_secrets.timeout
    values  = var.external_secrets.values
  }

  on_destroy = var.on_destroy
  timeouts   = local.timeouts
}

# Stores are of a kind that the operator brings: an add-on of their own, which goes before it does.
resource "hybridops_kubernetes_addon" "stores" {
  count = length(try(var.external_secrets.stores, {})) == 0 ? 0 : 1

  name    = "external-secrets-stores"
  cluster = var.cluster
  manifests = [for name, store in var.external_secrets.stores : yamlencode({
    apiVersion = "external-secrets.io/v1"
    kind       = "ClusterSecretStore"
    metadata   = { name = name }
    spec       = yamldecode(store)
  })]

  on_destroy = var.on_destroy
  timeouts   = local.timeouts
  depends_on = [hybridops_kubernetes_addon.external_secrets]
}

resource "hybridops_kubernetes_addon" "argo_cd" {
  count = var.argo_cd == null ? 0 : 1

  name      = "argo-cd"
  cluster   = var.cluster
  catalogue = "argo-cd"
  chart = {
    version = var.argo_cd.version
    repo    = var.argo_cd.repo
    repo_ca = var.argo_cd.repo_ca
    content = var.argo_cd.content
    timeout = var.argo_cd.timeout
    values  = var.argo_cd.values
  }

  on_destroy = var.on_destroy
  timeouts   = local.timeouts
  depends_on = [hybridops_kubernetes_addon.longhorn, hybridops_kubernetes_addon.stores]
}

# The root goes before Argo CD does, which must be there to take away what hangs on it.
resource "hybridops_kubernetes_addon" "root" {
  count = var.app_of_apps == null ? 0 : 1

  name      = var.app_of_apps.name
  cluster   = var.cluster
  manifests = [yamlencode(local.root)]

  secret_manifests = var.repository_credentials_version == null ? null : yamlencode({
    apiVersion = "v1"
    kind       = "Secret"
    metadata = {
      name      = "repository-${var.app_of_apps.name}"
      namespace = hybridops_kubernetes_addon.argo_cd[0].namespace
      labels    = { "argocd.argoproj.io/secret-type" = "repository" }
    }
    stringData = merge(
      { type = "git", url = var.app_of_apps.repo_url },
      var.repository_credentials.username == null ? {} : { username = var.repository_credentials.username },
      var.repository_credentials.password == null ? {} : { password = var.repository_credentials.password },
      var.repository_credentials.ssh_private_key == null ? {} : { sshPrivateKey = var.repository_credentials.ssh_private_key },
    )
  })
  secret_manifests_version = var.repository_credentials_version

  on_destroy = var.on_destroy
  timeouts   = local.timeouts
}

output "namespaces" {
  description = "Namespaces of the add-ons: `argo_cd`, `external_secrets`, `longhorn`; null where there is none."
  value = {
    argo_cd          = one(hybridops_kubernetes_addon.argo_cd[*].namespace)
    external_secrets = one(hybridops_kubernetes_addon.external_secrets[*].namespace)
    longhorn         = one(hybridops_kubernetes_addon.longhorn[*].namespace)
  }
}

output "objects" {
  description = "Objects that were applied beside the charts, such as the root application."
  value       = toset(flatten([for addon in concat(hybridops_kubernetes_addon.stores, hybridops_kubernetes_addon.root) : tolist(addon.objects)]))
}

output "differences" {
  description = "What others changed in the cluster, by add-on."
  value = {
    for addon in concat(
      hybridops_kubernetes_addon.longhorn, hybridops_kubernetes_addon.external_secrets, hybridops_kubernetes_addon.stores,
      hybridops_kubernetes_addon.argo_cd, hybridops_kubernetes_addon.root,
    ) : addon.name => addon.differences
  }
}

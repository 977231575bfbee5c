output "endpoint" {
  description = "Address of the API server."
  value       = module.cluster.endpoint
}

output "templates" {
  description = "Templates by `family@node`."
  value       = module.templates.templates
}

output "machines" {
  description = "Machines by the names of their nodes."
  value       = module.cluster.machines
}

output "nodes" {
  description = "Versions of the nodes, and what was found on their machines that is not as it was left."
  value       = module.cluster.nodes
}

output "namespaces" {
  description = "Namespaces of the add-ons."
  value       = module.gitops.namespaces
}

# A client certificate for an hour, for whoever is in the group that RBAC knows.
ephemeral "hybridops_kubeconfig" "ci" {
  cluster        = { server = { host = "10.8.0.11", host_keys = [file("platform-a.pub")] } }
  user           = "ci"
  groups         = ["platform:deployers"]
  ttl            = "1h"
  server_address = "https://rke2.lab.local:6443"
}

# What comes out goes where nothing is stored: into another provider, or into a write-only argument.
provider "kubernetes" {
  host                   = ephemeral.hybridops_kubeconfig.ci.host
  cluster_ca_certificate = ephemeral.hybridops_kubeconfig.ci.cluster_ca_certificate
  client_certificate     = ephemeral.hybridops_kubeconfig.ci.client_certificate
  client_key             = ephemeral.hybridops_kubeconfig.ci.client_key
}

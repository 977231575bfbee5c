resource "hybridops_rke2_cluster" "platform" {
  name    = "platform"
  version = "v1.33.4+rke2r1"
  config  = { ingress_controller = "ingress-nginx" }
  servers = { for name, machine in local.servers : name => machine }
}

locals {
  servers = {
    platform-a = { host = "10.8.0.11", host_keys = [file("platform-a.pub")] }
  }
  agents = {
    platform-d = { host = "10.8.0.21", host_keys = [file("platform-d.pub")] }
  }
}

resource "hybridops_rke2_node" "server" {
  for_each = local.servers

  cluster = hybridops_rke2_cluster.platform.spec
  name    = each.key
  role    = "server"
  machine = each.value
  taints  = ["node-role.kubernetes.io/control-plane:NoSchedule"]
}

resource "hybridops_rke2_node" "agent" {
  for_each = local.agents

  cluster = hybridops_rke2_cluster.platform.spec
  name    = each.key
  role    = "agent"
  machine = each.value
  labels  = { "example.com/disk" = "ssd" }

  # Agents join, and change, after the servers; and leave before them.
  depends_on = [hybridops_rke2_node.server]
}

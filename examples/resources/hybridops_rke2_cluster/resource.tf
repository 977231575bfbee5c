# Three servers and what all nodes have in common. Machines are touched by the nodes, which take `spec`.
resource "hybridops_rke2_cluster" "platform" {
  name                 = "platform"
  version              = "v1.33.4+rke2r1"
  registration_address = "rke2.example.com"

  servers = {
    platform-a = { host = "10.8.0.11", host_keys = [file("platform-a.pub")] }
    platform-b = { host = "10.8.0.12", host_keys = [file("platform-b.pub")] }
    platform-c = { host = "10.8.0.13", host_keys = [file("platform-c.pub")] }
  }

  config = {
    cni                = "canal"
    cluster_cidr       = "10.42.0.0/16"
    service_cidr       = "10.43.0.0/16"
    ingress_controller = "ingress-nginx"
    tls_san            = ["10.8.0.10"]
    extra              = yamlencode({ "kubelet-arg" = ["max-pods=200"] })
  }

  etcd_snapshots = { schedule = "0 */6 * * *", retention = 8 }
  upgrade        = { drain_timeout = "15m", agents_at_once = 3 }
}

resource "hybridops_rke2_node" "server" {
  for_each = hybridops_rke2_cluster.platform.servers

  cluster = hybridops_rke2_cluster.platform.spec
  name    = each.key
  role    = "server"
  machine = each.value
}

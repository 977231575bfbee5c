# Three servers and what all nodes have in common. Machines are touched by the nodes, which take `spec`.
resource "hybridops_k3s_cluster" "platform" {
  name                 = "platform"
  version              = "v1.33.4+k3s1"
  registration_address = "k3s.example.com"

  servers = {
    platform-a = { host = "10.8.0.11", host_keys = [file("platform-a.pub")] }
    platform-b = { host = "10.8.0.12", host_keys = [file("platform-b.pub")] }
    platform-c = { host = "10.8.0.13", host_keys = [file("platform-c.pub")] }
  }

  config = {
    cluster_cidr       = "10.42.0.0/16"
    service_cidr       = "10.43.0.0/16"
    flannel_backend    = "vxlan"
    secrets_encryption = true
    disable            = ["traefik"]
  }

  etcd_snapshots = { schedule = "0 */6 * * *", retention = 8 }
  upgrade        = { drain_timeout = "15m", agents_at_once = 3 }
}

resource "hybridops_k3s_node" "server" {
  for_each = hybridops_k3s_cluster.platform.servers

  cluster = hybridops_k3s_cluster.platform.spec
  name    = each.key
  role    = "server"
  machine = each.value
}

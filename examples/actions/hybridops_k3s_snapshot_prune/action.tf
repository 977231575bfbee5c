locals {
  servers   = { platform-a = { host = "10.8.0.11", host_keys = [file("platform-a.pub")] } }
  retention = { keep_last = 8, keep_daily = 14 }
}

# What may go is shown first, and only that goes.
data "hybridops_k3s_snapshots" "platform" {
  servers   = local.servers
  retention = local.retention
}

action "hybridops_k3s_snapshot_prune" "platform" {
  config {
    servers   = local.servers
    retention = local.retention
    names     = data.hybridops_k3s_snapshots.platform.expired
  }
}

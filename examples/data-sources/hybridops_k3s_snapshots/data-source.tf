data "hybridops_k3s_snapshots" "platform" {
  servers   = { platform-a = { host = "10.8.0.11", host_keys = [file("platform-a.pub")] } }
  retention = { keep_last = 8, keep_daily = 14, keep_weekly = 8 }
}

output "newest" {
  value = data.hybridops_k3s_snapshots.platform.newest
}

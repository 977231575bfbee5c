# The newest snapshot in the store, restored on a machine of its own, compared, measured, and taken away again.
resource "hybridops_k3s_restore_drill" "weekly" {
  name    = "weekly"
  cluster = hybridops_k3s_cluster.edge.spec
  machine = { host = "10.9.0.99", host_keys = [file("spare.pub")] }
  max_age = "8d"
  run     = "2026-W47"

  checks     = { objects = { deployments = 3 } }
  objectives = { rpo = "6h", rto = "15m" }
}

resource "hybridops_k3s_cluster" "edge" {
  name           = "edge"
  version        = "v1.33.4+k3s1"
  servers        = { edge-a = { host = "10.9.0.11", host_keys = [file("edge-a.pub")] } }
  etcd_snapshots = { schedule = "0 */6 * * *", s3 = { bucket = "snapshots", folder = "edge" } }
}

output "recovery" {
  value = hybridops_k3s_restore_drill.weekly.result
}

# The newest snapshot in the store, restored on a machine of its own, compared, measured, and taken away again.
resource "hybridops_rke2_restore_drill" "weekly" {
  name    = "weekly"
  cluster = hybridops_rke2_cluster.platform.spec
  machine = { host = "10.8.0.99", host_keys = [file("spare.pub")] }
  max_age = "8d"
  run     = "2026-W47"

  checks     = { objects = { deployments = 3 } }
  objectives = { rpo = "6h", rto = "15m" }
}

# What RKE2 runs comes from images, which cannot be pulled where a drill runs: they are among the artefacts.
resource "hybridops_rke2_cluster" "platform" {
  name           = "platform"
  version        = "v1.33.4+rke2r1"
  servers        = { platform-a = { host = "10.8.0.11", host_keys = [file("platform-a.pub")] } }
  artefacts      = { images = ["core", "canal"] }
  etcd_snapshots = { schedule = "0 */6 * * *", s3 = { bucket = "snapshots", folder = "platform" } }
}

output "recovery" {
  value = hybridops_rke2_restore_drill.weekly.result
}

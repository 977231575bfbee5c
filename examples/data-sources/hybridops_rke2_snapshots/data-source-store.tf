# When the cluster is gone, its object store is asked, with the keys of the provider's `object_storage` section.
data "hybridops_rke2_snapshots" "lost" {
  s3 = { bucket = "snapshots", folder = "platform", region = "eu-central-1" }
}

output "restorable" {
  value = [for one in data.hybridops_rke2_snapshots.lost.snapshots : one.name if one.size > 0]
}

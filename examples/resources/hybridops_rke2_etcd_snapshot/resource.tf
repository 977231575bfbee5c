# Taken before something risky, and again when the reason is another one.
resource "hybridops_rke2_etcd_snapshot" "before" {
  name    = "before-change"
  servers = { platform-a = { host = "10.8.0.11", host_keys = [file("platform-a.pub")] } }
  keepers = { change = "CHG-1042" }
}

output "snapshot" {
  value = hybridops_rke2_etcd_snapshot.before.locations
}

output "storage" {
  value = provider::hybridops::parse_volume_id("local-lvm:vm-101-disk-0").storage
}

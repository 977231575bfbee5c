data "hybridops_rke2_channel" "stable" {
  name = "stable"
}

output "stable" {
  value = data.hybridops_rke2_channel.stable.version
}

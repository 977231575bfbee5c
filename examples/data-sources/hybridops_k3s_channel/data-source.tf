data "hybridops_k3s_channel" "stable" {
  name = "stable"
}

output "stable" {
  value = data.hybridops_k3s_channel.stable.version
}

data "hybridops_proxmox_nodes" "all" {}

output "online_nodes" {
  value = data.hybridops_proxmox_nodes.all.online
}

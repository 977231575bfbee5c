# A guest that becomes a new instance with every edit of its documents, as with Proxmox VE's own drive.
locals {
  user_data      = "#cloud-config\npackages: [curl]\n"
  network_config = "version: 2\nethernets:\n  eth0:\n    dhcp4: true\n"
}

output "instance_id" {
  value = provider::hybridops::seed_instance_id(local.user_data, local.network_config)
}

resource "hybridops_proxmox_acme_plugin_dns" "example" {
  name = "cloudflare"
  api  = "cf"
}

resource "hybridops_proxmox_node_config" "example" {
  node                  = "pve1"
  acmedomain0           = { domain = "pve0.example.com", plugin = hybridops_proxmox_acme_plugin_dns.example.name }
  description           = "Managed by Terraform"
  startall_onboot_delay = 30
  wakeonlan             = { bind_interface = "vmbr0", mac = "BC:24:11:00:00:01" }
}

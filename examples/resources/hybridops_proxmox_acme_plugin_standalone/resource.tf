resource "hybridops_proxmox_acme_plugin_standalone" "example" {
  name  = "web"
  nodes = ["pve1"]
}

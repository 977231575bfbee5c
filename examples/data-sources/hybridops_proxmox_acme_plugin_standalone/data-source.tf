data "hybridops_proxmox_acme_plugin_standalone" "example" {
  id = "web"
}

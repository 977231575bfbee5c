data "hybridops_proxmox_acme_plugin_dns" "example" {
  id = "cloudflare"
}

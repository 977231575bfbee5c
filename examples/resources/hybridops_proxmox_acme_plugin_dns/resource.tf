resource "hybridops_proxmox_acme_plugin_dns" "example" {
  name         = "cloudflare"
  api          = "cf"
  data         = "CF_Token=first\n"
  data_version = 1
}

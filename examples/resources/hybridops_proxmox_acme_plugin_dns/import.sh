# By its id.
terraform import hybridops_proxmox_acme_plugin_dns.example "cloudflare"

list "hybridops_proxmox_acme_plugin_dns" "all" {
  provider = hybridops
}

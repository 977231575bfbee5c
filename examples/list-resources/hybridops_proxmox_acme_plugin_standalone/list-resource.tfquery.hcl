list "hybridops_proxmox_acme_plugin_standalone" "all" {
  provider = hybridops
}

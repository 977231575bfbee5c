list "hybridops_proxmox_acme_account" "all" {
  provider = hybridops
}

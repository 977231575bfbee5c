list "hybridops_proxmox_acl" "all" {
  provider = hybridops
}

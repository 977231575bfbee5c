import {
  to = hybridops_proxmox_realm_ad.example
  id = "corp"
}

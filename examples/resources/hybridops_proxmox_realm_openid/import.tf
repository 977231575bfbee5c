import {
  to = hybridops_proxmox_realm_openid.example
  id = "sso"
}

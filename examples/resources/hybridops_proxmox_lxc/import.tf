# `terraform plan -generate-config-out=containers.tf` writes the resource.
import {
  to = hybridops_proxmox_lxc.db
  id = "110"
}

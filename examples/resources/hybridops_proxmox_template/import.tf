# `terraform plan -generate-config-out=templates.tf` writes the resource.
import {
  to = hybridops_proxmox_template.debian
  id = "9000"
}

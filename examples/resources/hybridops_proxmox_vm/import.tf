# `terraform plan -generate-config-out=guests.tf` writes the resource. Declare what you want to manage; the rest of the
# guest is left alone.
import {
  to = hybridops_proxmox_vm.web
  id = "101"
}

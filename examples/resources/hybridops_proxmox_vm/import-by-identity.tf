import {
  to = hybridops_proxmox_vm.web
  identity = {
    vmid = 101
  }
}

# By VMID, or by node and VMID.
terraform import hybridops_proxmox_vm.web 101
terraform import hybridops_proxmox_vm.web pve1/101

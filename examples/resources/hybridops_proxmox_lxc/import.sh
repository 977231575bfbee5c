# By VMID, or by node and VMID.
terraform import hybridops_proxmox_lxc.db 110
terraform import hybridops_proxmox_lxc.db pve1/110

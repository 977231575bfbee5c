# By VMID, or by node and VMID.
terraform import hybridops_proxmox_template.debian 9000
terraform import hybridops_proxmox_template.debian pve1/9000

# By VMID; the cluster knows the node.
terraform import hybridops_proxmox_template.debian 9000

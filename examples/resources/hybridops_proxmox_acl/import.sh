# By its id: path, type, ugid, roleid.
terraform import hybridops_proxmox_acl.example "/vms/user/alice@pve/PVEVMUser"

# By its id.
terraform import hybridops_proxmox_storage_cephfs.example "cephfs"

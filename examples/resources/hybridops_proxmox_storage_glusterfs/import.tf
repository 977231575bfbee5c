import {
  to = hybridops_proxmox_storage_glusterfs.example
  id = "gluster"
}

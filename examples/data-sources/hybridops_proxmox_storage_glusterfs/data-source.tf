data "hybridops_proxmox_storage_glusterfs" "example" {
  id = "gluster"
}

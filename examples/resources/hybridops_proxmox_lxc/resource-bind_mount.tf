# A directory of the node inside the container. Only root@pam logged in with a password may set it.
resource "hybridops_proxmox_lxc" "files" {
  name      = "files"
  node      = "pve1"
  template  = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst"
  root_disk = { storage = "local-zfs", size = "4G" }

  mounts = {
    mp0 = { path = "/srv/files", bind = "/tank/files" }
    mp1 = { path = "/srv/cache", storage = "local-zfs", size = "16G", on_remove = "delete" }
  }

  apply_mode = "reboot"
}

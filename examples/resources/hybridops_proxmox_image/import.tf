import {
  to = hybridops_proxmox_image.debian
  id = "pve1/local:import/debian-12.qcow2"
}

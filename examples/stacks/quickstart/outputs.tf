output "template" {
  description = "The template that was built."
  value = {
    vmid      = hybridops_proxmox_template.base.vmid
    node      = hybridops_proxmox_template.base.current_node
    volume_id = hybridops_proxmox_template.base.volume_id
    checksum  = hybridops_proxmox_template.base.image_checksum
  }
}

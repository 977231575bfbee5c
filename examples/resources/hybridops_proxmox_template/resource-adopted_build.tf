# A template that Packer has built. Destroying the resource keeps the guest.
resource "hybridops_proxmox_template" "packer" {
  name  = "ubuntu-24-04"
  node  = "pve1"
  adopt = { vmid = 9000 }
}

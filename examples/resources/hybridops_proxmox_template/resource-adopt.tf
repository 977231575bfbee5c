# A virtual machine that Packer built and left stopped.
resource "hybridops_proxmox_template" "golden" {
  name    = "golden"
  version = "42"
  node    = "pve1"
  adopt   = { vmid = 9042 }
}

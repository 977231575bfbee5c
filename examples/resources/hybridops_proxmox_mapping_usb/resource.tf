resource "hybridops_proxmox_mapping_usb" "example" {
  name        = "dongle"
  map         = [{ id = "0529:0001", node = "pve1" }]
  description = "Managed by Terraform"
}

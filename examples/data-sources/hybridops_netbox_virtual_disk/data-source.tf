data "hybridops_netbox_virtual_disk" "example" {
  name = "scsi0"
}

data "hybridops_netbox_image_attachment" "example" {
  name = "amsterdam"
}

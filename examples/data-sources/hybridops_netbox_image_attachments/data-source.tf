data "hybridops_netbox_image_attachments" "matching" {
  filters = { q = ["amsterdam"] }
}

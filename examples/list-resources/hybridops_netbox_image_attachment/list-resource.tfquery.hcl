list "hybridops_netbox_image_attachment" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}

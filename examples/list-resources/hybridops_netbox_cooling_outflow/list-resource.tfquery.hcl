list "hybridops_netbox_cooling_outflow" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}

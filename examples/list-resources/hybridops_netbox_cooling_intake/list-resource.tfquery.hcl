list "hybridops_netbox_cooling_intake" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}

list "hybridops_netbox_journal_entry" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}

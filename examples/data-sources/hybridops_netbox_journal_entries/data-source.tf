data "hybridops_netbox_journal_entries" "matching" {
  filters = { tag = ["production"] }
}

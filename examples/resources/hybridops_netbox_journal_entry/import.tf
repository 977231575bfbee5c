import {
  to = hybridops_netbox_journal_entry.example
  id = "5"
}

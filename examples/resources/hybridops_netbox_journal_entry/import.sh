# By its id.
terraform import hybridops_netbox_journal_entry.example 5

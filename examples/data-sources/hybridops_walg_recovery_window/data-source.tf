# Whether the database can be brought back to the moment before a mistake.
data "hybridops_walg_recovery_window" "db01" {
  storage = {
    s3 = {
      prefix           = "s3://walg/db01"
      endpoint         = "https://s3.example.com"
      force_path_style = true
    }
  }
  target = { time = "2026-11-21T17:59:00Z" }

  lifecycle {
    postcondition {
      condition     = self.reachable
      error_message = "That moment cannot be recovered: ${coalesce(self.reason, "unknown")}"
    }
  }
}

output "restore_from" {
  value = data.hybridops_walg_recovery_window.db01.chosen_backup
}

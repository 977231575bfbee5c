# The newest backup that was proven by a restore, of a database that may be gone.
data "hybridops_walg_backups" "db01" {
  storage = {
    s3 = {
      prefix           = "s3://walg/db01"
      endpoint         = "https://s3.example.com"
      force_path_style = true
    }
  }
  verified = true
}

output "newest_verified_backup" {
  value = one(slice(data.hybridops_walg_backups.db01.backups[*].name, 0, min(1, length(data.hybridops_walg_backups.db01.backups))))
}

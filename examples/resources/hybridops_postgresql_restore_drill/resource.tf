# Restored in isolation, checked, measured, and taken away again. A plan warns when it is older than eight days.
resource "hybridops_postgresql_restore_drill" "weekly" {
  name    = "weekly"
  machine = { host = "10.6.0.20" }
  version = 15
  max_age = "8d"
  run     = "2026-W47"

  source = {
    storage = {
      s3 = { prefix = "s3://walg/db", region = "eu-central-1" }
    }
  }

  wal_g = { binary = "/usr/local/bin/wal-g" }

  checks = {
    rows = {
      orders = { database = "app", sql = "SELECT count(*) > 0 FROM orders" }
    }
  }
}

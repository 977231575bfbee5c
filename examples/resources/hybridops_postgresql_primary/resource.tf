# To move the primary: name the other member and raise the epoch by one.
resource "hybridops_postgresql_primary" "db" {
  name    = "db"
  version = 15
  epoch   = 1
  primary = "db-01"

  members = {
    db-01 = { machine = { host = "10.6.0.10" }, container = { vmid = 210 } }
    db-02 = { machine = { host = "10.6.0.11" }, container = { vmid = 211 } }
  }

  storage = {
    s3 = { prefix = "s3://walg/db", region = "eu-central-1" }
  }

  login            = { user = "replicator", password = var.replicator_password }
  max_loss_seconds = 60
}

variable "replicator_password" {
  type      = string
  ephemeral = true
  sensitive = true
}

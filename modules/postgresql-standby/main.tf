locals {
  # Member by member: only what is written and never stored may be ephemeral.
  credentials = {
    access_key_id      = lookup(var.backup_credentials, "access_key_id", null)
    secret_access_key  = lookup(var.backup_credentials, "secret_access_key", null)
    session_token      = lookup(var.backup_credentials, "session_token", null)
    google_credentials = lookup(var.backup_credentials, "google_credentials", null)
    azure_account_key  = lookup(var.backup_credentials, "azure_account_key", null)
    azure_sas_token    = lookup(var.backup_credentials, "azure_sas_token", null)
    ssh_private_key    = lookup(var.backup_credentials, "ssh_private_key", null)
    ssh_password       = lookup(var.backup_credentials, "ssh_password", null)
  }
}

resource "hybridops_postgresql_lxc" "this" {
  name = var.name

  container = {
    node          = var.node
    node_machines = var.node_machine == null ? {} : { (var.node) = var.node_machine }
    template      = var.template
    cores         = var.size.cores
    memory        = var.size.memory
    swap          = var.size.swap
    root_disk     = { storage = var.root_storage, size = var.size.root }
    network       = var.network
    dns           = var.dns
    tags          = var.tags
    ssh_keys      = var.ssh_keys
    # What takes a restart is done at once: the server is back in seconds, and the plan says so before.
    apply_mode = "reboot"
  }

  data = var.data

  postgresql = {
    version          = var.postgresql.version
    cluster          = var.postgresql.cluster
    port             = var.postgresql.port
    listen_addresses = var.postgresql.listen_addresses
    repository       = var.postgresql.repository
    settings         = var.postgresql.settings
    access           = var.postgresql.access
  }

  role = "standby"
  standby = {
    host = var.primary.host
    port = var.primary.port
    login = {
      user             = var.replication.user
      password         = var.replication_password
      password_version = var.replication.password_version
    }
  }

  backup = var.backup == null ? null : {
    storage             = var.backup.storage
    credentials         = var.backup.credentials_version == null ? null : local.credentials
    credentials_version = var.backup.credentials_version
    schedule            = var.backup.schedule
    window              = var.backup.window
    minimum_verified    = var.backup.minimum_verified
    compression         = var.backup.compression
    metrics_directory   = var.backup.metrics_directory
    wal_g               = var.backup.wal_g
  }

  objectives          = var.objectives
  deletion_protection = var.deletion_protection

  timeouts = {
    create = var.timeout
    update = var.timeout
  }
}

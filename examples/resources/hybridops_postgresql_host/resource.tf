variable "app_password" {
  type      = string
  ephemeral = true
}

resource "hybridops_postgresql_host" "db02" {
  name    = "db-02"
  machine = { host = "10.6.0.11", host_keys = [file("db-02.pub")] }

  postgresql = {
    version          = 15
    listen_addresses = ["*"]
    settings         = { work_mem = "16MB" }
    access = [
      { type = "local", method = "peer" },
      { type = "hostssl", databases = ["app"], users = ["app"], address = "10.6.0.0/24" },
    ]
    roles     = { app = { login = true, password = var.app_password, password_version = 1 } }
    databases = { app = { owner = "app", extensions = ["pgcrypto"] } }
    tls       = { names = ["db-02", "10.6.0.11"] }
  }
  objectives = { rpo = "60s", rto = "15m" }
}

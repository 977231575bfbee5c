variable "app_password" {
  type      = string
  ephemeral = true
}

# The data on a directory of the node: mounting it takes root@pam logged in with a password. The node's shell is reached by
# SSH, and the container is entered through it.
resource "hybridops_postgresql_lxc" "db_01" {
  name = "db-01"

  container = {
    node      = "pve1"
    template  = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst"
    cores     = 4
    memory    = 8192
    root_disk = { storage = "local-zfs", size = "8G" }
    network   = { bridge = "vmbr6", address = "10.6.0.10/24", gateway = "10.6.0.1" }
  }

  data = {
    host_path   = "/srv/db-01"
    zfs_dataset = "rpool/data/db-01"
  }

  postgresql = {
    version          = 15
    listen_addresses = ["*"]
    settings         = { max_connections = "200" }
    access           = [{ databases = ["app"], users = ["app"], address = "10.6.0.0/24" }]
    roles            = { app = { login = true, password = var.app_password, password_version = 1 } }
    databases        = { app = { owner = "app" } }
  }

  objectives = { rpo = "60s", rto = "15m" }
}

# Machines that reach neither a registry nor the internet: programs and images come from a server of your own (or from a
# directory beside this configuration), through the machine that Terraform runs on.
resource "hybridops_rke2_cluster" "vault" {
  name    = "vault"
  channel = "v1.33"
  keepers = { patched = "2026-11" } # another text asks the channel again

  channel_server = "https://releases.example.com/rke2/v1-release/channels"
  artefacts = {
    source         = "https://releases.example.com/rke2"
    images         = ["core", "canal"]
    ca_certificate = file("releases.pem")
  }

  servers = {
    vault-a = { host = "10.9.0.11", user = "admin", become = "sudo", host_keys = [file("vault-a.pub")] }
  }

  registries = {
    mirrors = {
      "docker.io" = { endpoint = ["https://registry.example.com"], rewrite = { "^(.*)$" = "mirror/$1" } }
    }
    configs = { "registry.example.com" = { username = "puller" } }
  }

  proxy       = { https = "http://proxy.example.com:3128", no_proxy = [".example.com"] }
  environment = { CONTAINERD_LOG_LEVEL = "warn" }

  # A drop-in of the service: after the disk is there, with more open files, and with variables that no state has.
  systemd = {
    requires_mounts_for = ["/var/lib/rancher"]
    environment_files   = ["/etc/site/rke2.env"]
    limits              = { open_files = "1048576" }
  }

  preflight = { accept = ["swap"], fsync_limit = "20ms" }
}

variable "registry_password" {
  type      = string
  ephemeral = true
}

resource "hybridops_rke2_node" "vault_a" {
  cluster = hybridops_rke2_cluster.vault.spec
  name    = "vault-a"
  role    = "server"
  machine = hybridops_rke2_cluster.vault.servers["vault-a"]

  registry_passwords         = { "registry.example.com" = var.registry_password }
  registry_passwords_version = 1
}

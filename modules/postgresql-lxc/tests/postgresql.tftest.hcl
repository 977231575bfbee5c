# Run against a Proxmox VE named by PROXMOX_VE_ENDPOINT, PROXMOX_VE_USERNAME (root@pam) and PROXMOX_VE_PASSWORD, and its
# node's shell by HYBRIDOPS_SSH_PRIVATE_KEY: the lab's, or one of your own. TF_VAR_node_machine, TF_VAR_template,
# TF_VAR_root_storage and TF_VAR_network say what it has.

provider "hybridops" {
  proxmox = {}
  ssh     = {}
}

variables {
  name = "db-01"
  node = "pve1"
  size = { cores = 2, memory = 1024, root = "2G" }
  data = { host_path = "/srv/db-01" }

  postgresql = {
    version   = 15
    settings  = { max_connections = "40" }
    access    = [{ databases = ["app"], users = ["app"], address = "10.0.0.0/8" }]
    databases = { app = { owner = "app" } }
  }
  roles          = { app = {} }
  role_passwords = { app = "tried-once-only" }
  # Terraform's tests lose the default of an ephemeral variable between plan and apply.
  backup_credentials  = {}
  deletion_protection = false
}

run "a_server_is_made" {
  assert {
    condition     = output.status.current_role == "primary" && can(regex("^[0-9]+$", output.system_identifier))
    error_message = "There is no primary."
  }

  assert {
    condition     = output.container.node == var.node && output.container.vmid >= 100
    error_message = "The container is not where it was put."
  }

  assert {
    condition     = output.effective_settings["max_connections"] == "40"
    error_message = "A setting is not in force."
  }
}

run "nothing_is_left_to_do" {
  command = plan

  assert {
    condition     = output.container == run.a_server_is_made.container && output.status == run.a_server_is_made.status
    error_message = "A second plan would change something."
  }
}

run "a_setting_changes_in_place" {
  variables {
    postgresql = {
      version   = 15
      settings  = { max_connections = "40", work_mem = "6MB" }
      access    = [{ databases = ["app"], users = ["app"], address = "10.0.0.0/8" }]
      databases = { app = { owner = "app" } }
    }
  }

  assert {
    condition     = output.effective_settings["work_mem"] == "6MB" && output.container.vmid == run.a_server_is_made.container.vmid
    error_message = "The setting is not in force, or the container was replaced."
  }

  assert {
    condition     = output.system_identifier == run.a_server_is_made.system_identifier
    error_message = "It is another database."
  }
}

run "two_places_for_the_data_are_refused" {
  command = plan

  variables {
    data = { host_path = "/srv/db-01", storage = "local", size = "8G" }
  }

  expect_failures = [var.data]
}

run "trust_is_refused" {
  command = plan

  variables {
    postgresql = { access = [{ address = "0.0.0.0/0", method = "trust" }] }
  }

  expect_failures = [var.postgresql]
}

run "an_address_that_may_change_is_refused" {
  command = plan

  variables {
    network = { bridge = "vmbr0", address = "dhcp" }
  }

  expect_failures = [var.network]
}

run "an_archive_in_two_places_is_refused" {
  command = plan

  variables {
    backup = {
      storage = { s3 = { prefix = "s3://walg/db" }, file = { prefix = "/mnt/walg" } }
      wal_g   = { binary = "/usr/local/bin/wal-g" }
    }
  }

  expect_failures = [var.backup]
}

# A primary, and its standby. TF_VAR_node_machine, TF_VAR_template, TF_VAR_root_storage and TF_VAR_network (of the standby)
# say what the cluster has; the primary takes the address of that network that ends with 82.

provider "hybridops" {
  proxmox = {}
  ssh     = {}
}

variables {
  name = "db-02"
  node = "pve1"
  size = { cores = 2, memory = 1024, root = "2G" }
  data = { host_path = "/srv/db-02" }

  postgresql = {
    access = [
      { databases = ["replication", "postgres"], users = ["replicator"], address = "10.0.0.0/8" },
    ]
  }
  primary              = { host = "primary.invalid" }
  replication_password = "tried-once-only"
  # Terraform's tests lose the default of an ephemeral variable between plan and apply.
  backup_credentials  = {}
  deletion_protection = false
}

run "a_primary" {
  module {
    source = "./tests/primary"
  }

  variables {
    network = { bridge = var.network.bridge, address = "${cidrhost(var.network.address, 82)}/24" }
  }

  assert {
    condition     = output.status.current_role == "primary"
    error_message = "There is no primary."
  }
}

run "its_standby_follows" {
  variables {
    primary = { host = run.a_primary.address }
  }

  assert {
    condition     = output.status.current_role == "standby" && output.system_identifier == run.a_primary.system_identifier
    error_message = "It does not follow the primary."
  }
}

run "nothing_is_left_to_do" {
  command = plan

  variables {
    primary = { host = run.a_primary.address }
  }

  assert {
    condition     = output.container == run.its_standby_follows.container
    error_message = "A second plan would change something."
  }
}

run "an_address_that_may_change_is_refused" {
  command = plan

  variables {
    network = { bridge = "vmbr0", address = "dhcp" }
  }

  expect_failures = [var.network]
}

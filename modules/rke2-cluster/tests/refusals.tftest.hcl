# What is refused, in words, before anything is asked of anybody: no site is needed.

mock_provider "hybridops" {}

variables {
  name         = "platform"
  rke2_version = "v1.33.4+rke2r1"
  nodes        = ["pve1", "pve2", "pve3"]
  template     = "debian-12"
  network      = { bridge = "vmbr8", cidr = "10.8.0.0/24", gateway = "10.8.0.1" }
  ssh          = { keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBcXP2Vh6Qw1sVnW8VkSPJq5kOrYl7FXJw2bPqjQm1r4 ci"] }
  servers = {
    a = { address = "10.8.0.11" }
    b = { address = "10.8.0.12" }
    c = { address = "10.8.0.13" }
  }
  agents = {
    d = { address = "10.8.0.21", labels = { "example.com/disk" = "ssd" } }
  }
  # Terraform's tests lose the default of an ephemeral variable between plan and apply.
  token              = "tried-once-only"
  agent_token        = "tried-by-agents-only"
  new_token          = "tried-later-only"
  new_agent_token    = "tried-by-agents-later"
  registry_passwords = {}
}

run "a_cluster_is_planned" {
  command = plan

  assert {
    condition     = toset(keys(hybridops_rke2_node.server)) == toset(["platform-a", "platform-b", "platform-c"]) && keys(hybridops_rke2_node.agent) == ["platform-d"]
    error_message = "There is not one node for each server and agent."
  }

  assert {
    condition     = alltrue([for machine in values(hybridops_proxmox_vm.this) : machine.placement.anti_affinity == (contains(machine.tags, "server") ? "platform-servers" : "platform-agents")])
    error_message = "Machines are not kept apart."
  }

  assert {
    condition     = hybridops_proxmox_vm.this["platform-b"].cloud_init.ip_config["net0"].ipv4 == "10.8.0.12/24"
    error_message = "A machine has not its address."
  }

  assert {
    condition     = hybridops_rke2_cluster.this.servers["platform-c"].host == "10.8.0.13" && hybridops_rke2_cluster.this.config.ingress_controller == "ingress-nginx"
    error_message = "The cluster does not know its servers, or leaves to RKE2 what answers for ingresses."
  }

  assert {
    condition     = length(hybridops_netbox_guest.this) == 0
    error_message = "Nobody asked for records."
  }
}

run "host_keys_of_a_machine_count_before_the_authority" {
  command = plan

  variables {
    ssh = {
      keys      = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBcXP2Vh6Qw1sVnW8VkSPJq5kOrYl7FXJw2bPqjQm1r4 ci"]
      authority = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBcXP2Vh6Qw1sVnW8VkSPJq5kOrYl7FXJw2bPqjQm1r4"
    }
    servers = {
      a = { address = "10.8.0.11", host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx0oU3CqvWmVbVw3X3yC0vLh0hGxg8m0rUjv0Y0aX5e"] }
    }
    agents = {
      d = { address = "10.8.0.21" }
    }
  }

  assert {
    condition     = hybridops_rke2_node.server["platform-a"].machine.host_keys == tolist(["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx0oU3CqvWmVbVw3X3yC0vLh0hGxg8m0rUjv0Y0aX5e"])
    error_message = "A key that is known beforehand was not taken."
  }

  assert {
    condition     = startswith(hybridops_rke2_node.agent["platform-d"].machine.host_keys[0], "@cert-authority ssh-ed25519 ")
    error_message = "The authority was not taken."
  }
}

run "records_are_made_where_they_are_asked_for" {
  command = plan

  variables {
    netbox = { cluster = "pve", role = "kubernetes", domain = "example.com" }
  }

  assert {
    condition     = length(hybridops_netbox_guest.this) == 4 && hybridops_netbox_guest.this["platform-d"].interfaces["net0"].addresses[0].dns_name == "platform-d.example.com"
    error_message = "There is not one record for each machine."
  }
}

run "few_nodes_of_proxmox_are_told" {
  command = plan

  variables {
    nodes = ["pve1", "pve2"]
  }

  expect_failures = [check.servers_are_apart]
}

run "a_name_that_is_no_host_name" {
  command = plan
  variables {
    name = "Platform_1"
  }
  expect_failures = [var.name]
}

run "a_version_without_its_release" {
  command = plan
  variables {
    rke2_version = "1.33.4"
  }
  expect_failures = [var.rke2_version]
}

run "version_and_channel" {
  command = plan
  variables {
    channel = "stable"
  }
  expect_failures = [var.rke2_version]
}

run "a_channel_server_with_a_slash" {
  command = plan
  variables {
    channel_server = "https://releases.example.com/channels/"
  }
  expect_failures = [var.channel_server]
}

run "an_even_number_of_servers" {
  command = plan
  variables {
    servers = {
      a = { address = "10.8.0.11" }
      b = { address = "10.8.0.12" }
    }
  }
  expect_failures = [var.servers]
}

run "a_server_in_another_network" {
  command = plan
  variables {
    servers = { a = { address = "10.9.0.11" } }
  }
  expect_failures = [var.servers]
}

run "a_server_with_a_prefix_length" {
  command = plan
  variables {
    servers = { a = { address = "10.8.0.11/24" } }
  }
  expect_failures = [var.servers]
}

run "an_agent_with_the_address_of_a_server" {
  command = plan
  variables {
    agents = { d = { address = "10.8.0.11" } }
  }
  expect_failures = [var.agents]
}

run "an_agent_with_the_name_of_a_server" {
  command = plan
  variables {
    agents = { a = { address = "10.8.0.21" } }
  }
  expect_failures = [var.agents]
}

run "no_node_of_proxmox" {
  command = plan
  variables {
    nodes = []
  }
  expect_failures = [var.nodes]
}

run "a_machine_on_a_node_that_is_not_named" {
  command = plan
  variables {
    agents = { d = { address = "10.8.0.21", node = "pve9" } }
  }
  expect_failures = [var.nodes]
}

run "a_server_that_is_too_small" {
  command = plan
  variables {
    size = { servers = { memory = 2048 } }
  }
  expect_failures = [var.size]
}

run "a_disk_without_a_unit" {
  command = plan
  variables {
    size = { agents = { disk = "60" } }
  }
  expect_failures = [var.size]
}

run "a_gateway_elsewhere" {
  command = plan
  variables {
    network = { bridge = "vmbr8", cidr = "10.8.0.0/24", gateway = "10.9.0.1" }
  }
  expect_failures = [var.network]
}

run "nobody_may_log_in" {
  command = plan
  variables {
    ssh = { keys = [] }
  }
  expect_failures = [var.ssh]
}

run "a_user_who_cannot_become_root" {
  command = plan
  variables {
    ssh = { keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBcXP2Vh6Qw1sVnW8VkSPJq5kOrYl7FXJw2bPqjQm1r4 ci"], user = "admin", become = "none" }
  }
  expect_failures = [var.ssh]
}

run "a_registration_address_with_a_scheme" {
  command = plan
  variables {
    registration_address = "https://rke2.example.com:9345"
  }
  expect_failures = [var.registration_address]
}

run "pods_in_the_network_of_the_machines" {
  command = plan
  variables {
    config = { cluster_cidr = "10.0.0.0/8" }
  }
  expect_failures = [var.config]
}

run "a_network_of_pods_that_is_none" {
  command = plan
  variables {
    config = { cluster_cidr = "10.42.0.0" }
  }
  expect_failures = [var.config]
}

run "another_cni" {
  command = plan
  variables {
    config = { cni = "weave" }
  }
  expect_failures = [var.config]
}

run "keys_that_are_no_keys" {
  command = plan
  variables {
    config = { extra = "- max-pods=200" }
  }
  expect_failures = [var.config]
}

run "a_mirror_without_a_scheme" {
  command = plan
  variables {
    registries = { mirrors = { "docker.io" = { endpoint = ["registry.example.com"] } } }
  }
  expect_failures = [var.registries]
}

run "a_proxy_without_a_scheme" {
  command = plan
  variables {
    proxy = { https = "proxy.example.com:3128" }
  }
  expect_failures = [var.proxy]
}

run "a_sum_that_is_none" {
  command = plan
  variables {
    artefacts = { sha256 = { "rke2.linux-amd64.tar.gz" = "sha256:1234" } }
  }
  expect_failures = [var.artefacts]
}

run "a_schedule_that_is_none" {
  command = plan
  variables {
    etcd_snapshots = { schedule = "every six hours" }
  }
  expect_failures = [var.etcd_snapshots]
}

run "a_bucket_with_a_scheme" {
  command = plan
  variables {
    etcd_snapshots = { s3 = { bucket = "s3://snapshots/platform" } }
  }
  expect_failures = [var.etcd_snapshots]
}

run "no_agent_at_once" {
  command = plan
  variables {
    upgrade = { agents_at_once = 0 }
  }
  expect_failures = [var.upgrade]
}

run "a_drain_without_a_unit" {
  command = plan
  variables {
    upgrade = { drain_timeout = "600" }
  }
  expect_failures = [var.upgrade]
}

run "a_tag_with_a_space" {
  command = plan
  variables {
    tags = ["my cluster"]
  }
  expect_failures = [var.tags]
}

run "a_document_without_a_place_for_its_seed" {
  command = plan
  variables {
    agents = { d = { address = "10.8.0.21", user_data = "#cloud-config\n" } }
  }
  expect_failures = [var.seed_storage]
}

run "a_restore_from_nowhere" {
  command = plan
  variables {
    restore = { epoch = 1, snapshot = { name = "latest" } }
  }
  expect_failures = [var.restore]
}

run "half_a_restore" {
  command = plan
  variables {
    etcd_snapshots = { s3 = { bucket = "snapshots" } }
    restore        = { epoch = 1.5, snapshot = { name = "latest" } }
  }
  expect_failures = [var.restore]
}

run "what_ages_is_made_anew" {
  command = plan
  variables {
    rotation = { token_version = 1, certificates = 2 }
    systemd  = { requires_mounts_for = ["/var/lib/rancher"], limits = { open_files = "2097152" } }
  }
  assert {
    condition     = hybridops_rke2_cluster.this.rotation.token_version == 1 && hybridops_rke2_cluster.this.rotation.certificates == 2 && hybridops_rke2_cluster.this.rotation.agent_token_version == null
    error_message = "The cluster is not told what to rotate."
  }
  assert {
    condition     = hybridops_rke2_cluster.this.systemd.limits.open_files == "2097152"
    error_message = "The service is not told its limits."
  }
}

run "half_a_rotation" {
  command = plan
  variables {
    rotation = { certificates = 0.5 }
  }
  expect_failures = [var.rotation]
}

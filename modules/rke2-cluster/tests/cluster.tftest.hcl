# Run against a Proxmox VE named by PROXMOX_VE_ENDPOINT and PROXMOX_VE_API_TOKEN, and machines that are entered with the key
# of HYBRIDOPS_SSH_PRIVATE_KEY. TF_VAR_nodes, TF_VAR_template, TF_VAR_network, TF_VAR_ssh, TF_VAR_servers, TF_VAR_agents and
# TF_VAR_rke2_version say what there is (one of the servers is `a`), TF_VAR_artefacts and TF_VAR_seed_storage where it is needed.

provider "hybridops" {
  proxmox = {}
  ssh     = {}
}

variables {
  name = "platform"
  size = {
    servers = { cores = 2, memory = 4096, disk = "20G" }
    agents  = { cores = 2, memory = 2048, disk = "20G" }
  }
  deletion_protection = false
  # Terraform's tests lose the default of an ephemeral variable between plan and apply.
  token              = "tried-once-only"
  agent_token        = "tried-by-agents-only"
  new_token          = "tried-later-only"
  new_agent_token    = "tried-by-agents-later"
  registry_passwords = {}
}

run "a_cluster_is_made" {
  assert {
    condition     = length(output.nodes) == length(var.servers) + length(var.agents) && alltrue([for node in values(output.nodes) : node.version == var.rke2_version])
    error_message = "Not every node runs what it is to run."
  }

  assert {
    condition     = alltrue([for node in values(output.nodes) : length(node.differences) == 0])
    error_message = "A machine is not as it was left."
  }

  assert {
    condition     = length(distinct([for machine in values(output.machines) : machine.node if machine.role == "server"])) == min(length(var.servers), length(var.nodes))
    error_message = "Servers share a node of Proxmox VE."
  }
}

run "nothing_is_left_to_do" {
  command = plan

  assert {
    condition     = output.machines == run.a_cluster_is_made.machines && output.nodes == run.a_cluster_is_made.nodes
    error_message = "A second plan would change something."
  }
}

# The node leaves before its machine goes, and joins when the next one is there.
run "a_machine_is_replaced" {
  plan_options {
    replace = [hybridops_proxmox_vm.this["platform-a"]]
  }

  assert {
    condition = alltrue([
      for name, machine in output.machines :
      (machine.uuid == run.a_cluster_is_made.machines[name].uuid) == (name != "platform-a")
    ])
    error_message = "Another machine was replaced, or none."
  }

  assert {
    condition     = alltrue([for node in values(output.nodes) : node.version == var.rke2_version])
    error_message = "Not every node runs what it is to run."
  }
}

run "agents_leave" {
  variables {
    agents = {}
  }

  assert {
    condition     = length(output.nodes) == length(var.servers)
    error_message = "An agent is left."
  }
}

run "certificates_are_made_anew" {
  variables {
    agents   = {}
    rotation = { certificates = 1 }
  }

  assert {
    condition     = alltrue([for name, node in output.nodes : node.certificate_expiry != run.agents_leave.nodes[name].certificate_expiry])
    error_message = "A server has the certificates it had."
  }
}

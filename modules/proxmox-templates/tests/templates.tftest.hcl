# Run against a Proxmox VE named by PROXMOX_VE_ENDPOINT and PROXMOX_VE_API_TOKEN: the lab's (hybridops-lab up), or one of
# your own. TF_VAR_nodes, TF_VAR_storage and TF_VAR_mirrors say what it has.

provider "hybridops" {
  proxmox = {}
}

variables {
  images = {
    ubuntu-24-04 = { disk_size = "4G" }
    debian-12    = { disk_size = "4G", memory = 1024, tags = ["minimal"] }
  }
}

run "a_fleet_is_built" {
  assert {
    condition     = length(output.templates) == 2 * length(var.nodes)
    error_message = "There is not one template for each image on each node."
  }

  assert {
    condition     = alltrue([for template in values(output.templates) : can(regex("^sha(256|512):", template.checksum))])
    error_message = "An image was not verified."
  }

  assert {
    condition     = alltrue([for node in var.nodes : output.newest["debian-12"][node] == output.templates["debian-12@${node}"].vmid])
    error_message = "The newest of the family is not the one that was built."
  }

  assert {
    condition = alltrue([
      for place, template in hybridops_proxmox_template.this :
      contains(template.tags, "family-${split("@", place)[0]}") && contains(template.tags, "linux") && contains(template.tags, "template")
    ])
    error_message = "A template does not carry its tags."
  }
}

run "nothing_is_left_to_do" {
  command = plan

  assert {
    condition     = output.templates == run.a_fleet_is_built.templates && output.newest == run.a_fleet_is_built.newest
    error_message = "A second plan would build something anew."
  }
}

run "a_version_is_built_beside" {
  variables {
    images = {
      ubuntu-24-04 = { disk_size = "4G" }
      debian-12    = { disk_size = "4G", memory = 1024, tags = ["minimal"], version = "2" }
    }
  }

  assert {
    condition = alltrue([
      for node in var.nodes :
      output.newest["debian-12"][node] != run.a_fleet_is_built.newest["debian-12"][node] &&
      output.newest["ubuntu-24-04"][node] == run.a_fleet_is_built.newest["ubuntu-24-04"][node]
    ])
    error_message = "A new version is a new template, and only of its family."
  }

  assert {
    condition     = alltrue([for place, template in hybridops_proxmox_template.this : length(template.previous) == (startswith(place, "debian") ? 1 : 0)])
    error_message = "One earlier version is kept."
  }
}

# A template that Packer might have built.
run "a_build_of_another_tool" {
  module {
    source = "./tests/built"
  }
}

run "it_is_taken_over" {
  variables {
    images        = {}
    packer_builds = { windows-2022 = { tags = ["packer", "windows-2022"] } }
  }

  assert {
    condition     = contains(values(output.newest["windows-2022"]), run.a_build_of_another_tool.vmid)
    error_message = "The build was not found by its tags."
  }

  assert {
    condition     = hybridops_proxmox_template.built["windows-2022"].on_destroy == "keep" && contains(hybridops_proxmox_template.built["windows-2022"].tags, "packer")
    error_message = "A build that is taken over stays what it was, and is never destroyed."
  }
}

run "a_family_without_a_url_is_refused" {
  command = plan

  variables {
    images = { plan-9 = {} }
  }

  expect_failures = [var.images]
}

run "an_image_without_a_checksum_is_refused" {
  command = plan

  variables {
    images = { other = { url = "https://images.example/other.qcow2" } }
  }

  expect_failures = [var.images]
}

run "a_mirror_with_a_slash_is_refused" {
  command = plan

  variables {
    images  = {}
    mirrors = { debian = "https://mirror.example/" }
  }

  expect_failures = [var.mirrors]
}

# Stands in for Packer: a template with the tags of a build, in a state of its own.

terraform {
  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

variable "nodes" {
  description = "Nodes of the cluster: the first gets the template."
  type        = set(string)
}

variable "storage" {
  description = "As the module's."
  type        = object({ disks = string, images = optional(string) })
}

variable "mirrors" {
  description = "As the module's."
  type        = object({ debian = optional(string, "https://cloud.debian.org/images/cloud") })
  default     = {}
}

resource "hybridops_proxmox_template" "windows" {
  name    = "windows-2022"
  version = "20261101"
  node    = sort(var.nodes)[0]

  image = {
    url          = "${var.mirrors.debian}/bookworm/latest/debian-12-genericcloud-amd64.qcow2"
    checksum_url = "${var.mirrors.debian}/bookworm/latest/SHA512SUMS"
    storage      = var.storage.images
  }
  disk    = { storage = var.storage.disks }
  os_type = "win11"
  tags    = ["packer", "windows-2022"]

  lifecycle {
    # The module adds the family.
    ignore_changes = [tags]
  }
}

output "vmid" {
  description = "Its number."
  value       = hybridops_proxmox_template.windows.vmid
}

# What is known of each family's cloud images: where they are published, and what the guest needs. An entry of
# var.images overrides any of it.

locals {
  families = {
    ubuntu-22-04 = {
      url          = "${var.mirrors.ubuntu}/jammy/current/jammy-server-cloudimg-amd64.img"
      checksum_url = "${var.mirrors.ubuntu}/jammy/current/SHA256SUMS"
      tags         = ["linux", "ubuntu"]
    }
    ubuntu-24-04 = {
      url          = "${var.mirrors.ubuntu}/noble/current/noble-server-cloudimg-amd64.img"
      checksum_url = "${var.mirrors.ubuntu}/noble/current/SHA256SUMS"
      tags         = ["linux", "ubuntu"]
    }
    rocky-9 = {
      url          = "${var.mirrors.rocky}/9/images/x86_64/Rocky-9-GenericCloud-Base.latest.x86_64.qcow2"
      checksum_url = "${var.mirrors.rocky}/9/images/x86_64/CHECKSUM"
      tags         = ["linux", "rocky"]
    }
    rocky-10 = {
      url          = "${var.mirrors.rocky}/10/images/x86_64/Rocky-10-GenericCloud-Base.latest.x86_64.qcow2"
      checksum_url = "${var.mirrors.rocky}/10/images/x86_64/CHECKSUM"
      tags         = ["linux", "rocky"]
    }
    debian-12 = {
      url          = "${var.mirrors.debian}/bookworm/latest/debian-12-genericcloud-amd64.qcow2"
      checksum_url = "${var.mirrors.debian}/bookworm/latest/SHA512SUMS"
      tags         = ["debian", "linux"]
    }
    debian-13 = {
      url          = "${var.mirrors.debian}/trixie/latest/debian-13-genericcloud-amd64.qcow2"
      checksum_url = "${var.mirrors.debian}/trixie/latest/SHA512SUMS"
      tags         = ["debian", "linux"]
    }
  }

  # Processor types below these do not boot the distribution: RHEL 9 and its kin need x86-64-v2, RHEL 10 needs v3.
  least_cpu = { rocky-9 = "x86-64-v2-AES", rocky-10 = "x86-64-v3" }

  # One template for each image on each of its nodes.
  fleet = merge([
    for family, image in var.images : {
      for node in coalesce(image.nodes, var.nodes) : "${family}@${node}" => merge(image, { family = family, node = node })
    }
  ]...)
}

# The data on a volume of the container, which needs no more than an API token: it is grown in place, handed over when the
# container is built anew, and kept with the stopped container when the resource is destroyed.
resource "hybridops_postgresql_lxc" "db_02" {
  name = "db-02"

  container = {
    nodes     = ["pve1", "pve2"]
    placement = { anti_affinity = "databases" }
    node_machines = {
      pve1 = { host = "10.0.0.1", host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMZG0NEpnu1NxnzVmsTtJJ4jDh9yqsSjzpOC1AIqCIAm"] }
      pve2 = { host = "10.0.0.2", host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINf5HkZcxzQWY8O2Yh2o1HdqJ8vVv1NyqGNvUeJqGq3V"] }
    }
    template   = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst"
    memory     = 4096
    root_disk  = { storage = "local-zfs", size = "8G" }
    network    = { bridge = "vmbr6", address = "10.6.0.11/24", gateway = "10.6.0.1" }
    apply_mode = "reboot"
    ssh_keys   = [trimspace(file("~/.ssh/id_ed25519.pub"))]
  }

  data = { storage = "ceph", size = "64G" }

  # Its own SSH server, known by the key that is read through the node.
  inside = { via = "ssh" }

  postgresql = { version = 15 }
}

# A node lives no longer than its machine: another UUID makes it leave before the machine goes, and join when the next one
# is there.
resource "hybridops_proxmox_vm" "agent" {
  name = "platform-e"
  node = "pve1"

  clone = { template = "debian-12" }
  cloud_init = {
    user      = "admin"
    ssh_keys  = [file("id_ed25519.pub")]
    ip_config = { net0 = { ipv4 = "10.8.0.22/24", gateway = "10.8.0.1" } }
  }
  power = "running"
}

resource "hybridops_rke2_node" "agent_of_machine" {
  cluster    = hybridops_rke2_cluster.platform.spec
  name       = "platform-e"
  role       = "agent"
  machine_id = hybridops_proxmox_vm.agent.uuid
  machine = {
    host      = "10.8.0.22"
    user      = "admin"
    become    = "sudo"
    host_keys = ["@cert-authority ${file("host-ca.pub")}"]
  }

  depends_on = [hybridops_rke2_node.server]
}

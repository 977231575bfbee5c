# The newest backup of guest 101 must restore, boot and answer.
action "hybridops_proxmox_restore_test" "web" {
  config {
    vmid           = 101
    storage        = "backup"
    target_storage = "local-lvm"
    proof          = "agent"
    within         = "3m"

    timeouts = { invoke = "1h" }
  }
}

# Documents of your own, in a seed image that is uploaded by the API: no SSH, no snippets.
resource "hybridops_proxmox_vm" "app" {
  name = "app-01"
  node = "pve1"

  clone = { template = "debian-12", full = false }

  # The template's cloud-init drive makes way for the seed.
  cloud_init = {
    storage   = "local" # takes content `iso`
    slot      = "ide2"
    user_data = <<-EOT
      #cloud-config
      packages: [nginx]
    EOT
    # An edit is told and changes nothing; `reseed` and `replace` do.
    on_user_data_change = "ignore"
  }

  power    = "running"
  agent    = true
  wait_for = { addresses = true, timeout = "5m" }
}

output "app_addresses" {
  value = hybridops_proxmox_vm.app.addresses
}

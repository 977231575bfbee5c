# Where disk images can be imported from, by node.
data "hybridops_proxmox_storages" "import" {
  content = "import"
}

output "room" {
  value = {
    for storage in data.hybridops_proxmox_storages.import.storages :
    "${storage.node}/${storage.name}" => storage.available if storage.active
  }
}

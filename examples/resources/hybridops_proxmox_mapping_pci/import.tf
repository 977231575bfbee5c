import {
  to = hybridops_proxmox_mapping_pci.example
  id = "gpu"
}

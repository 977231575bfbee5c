import {
  to = hybridops_proxmox_sdn_fabric_openfabric.example
  id = "mesh"
}

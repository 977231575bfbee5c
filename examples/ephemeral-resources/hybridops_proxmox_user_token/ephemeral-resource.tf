# A token that may look, and start and stop one guest; it is deleted when the run ends.
ephemeral "hybridops_proxmox_user_token" "run" {
  user       = "ci@pve"
  expires_in = "30m"
  acl = [
    { path = "/", role = "PVEAuditor" },
    { path = "/vms/101", role = "PVEVMUser" },
  ]
}

provider "hybridops" {
  alias = "as_ci"

  proxmox = {
    endpoints = ["https://pve1.example.net:8006"]
    api_token = ephemeral.hybridops_proxmox_user_token.run.api_token
  }
}

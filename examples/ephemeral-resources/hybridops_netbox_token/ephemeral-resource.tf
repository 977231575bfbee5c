variable "netbox_password" {
  type      = string
  ephemeral = true
}

ephemeral "hybridops_netbox_token" "run" {
  username   = "deployer"
  password   = var.netbox_password
  expires_in = "30m"
}

provider "hybridops" {
  alias = "as_deployer"

  netbox = {
    url   = "https://netbox.example.net"
    token = ephemeral.hybridops_netbox_token.run.token
  }
}

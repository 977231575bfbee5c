terraform {
  required_version = ">= 1.8"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

variable "proxmox_api_token" {
  description = "API token of Proxmox VE, user@realm!name=secret."
  type        = string
  sensitive   = true
}

provider "hybridops" {
  proxmox = {
    endpoints      = ["https://pve1.example.com:8006", "https://pve2.example.com:8006"]
    api_token      = var.proxmox_api_token
    ca_certificate = file("${path.module}/pve-root-ca.pem")
    concurrency    = { reads = 3, heavy = 2 }
  }
  cost_tags = { env = "prod", owner = "platform", component = "db-01", purpose = "baseline" }
}

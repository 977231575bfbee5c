# A pool of nodes that is there only while the platform runs in the cloud, and only where that was decided.

terraform {
  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

variable "active_site" {
  type    = string
  default = "onprem"
}

variable "window_start" {
  type    = string
  default = null
}

provider "hybridops" {
  cost = {
    policy = "cost/policy.json"
    spend  = "cost/spend.json"
    ledger = "output/ledger"
  }
}

module "guardrail" {
  source = "../.."

  active_site  = var.active_site
  env          = "prod"
  components   = ["dr-aks"]
  hours        = "48"
  window_start = var.window_start
}

# Stands for what costs.
resource "terraform_data" "pool" {
  count = var.active_site == "onprem" ? 0 : 1
  input = module.guardrail.decision_id
}

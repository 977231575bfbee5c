# A pool in the cloud that is there while the platform runs there, and only where that was decided.

terraform {
  required_version = ">= 1.8"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

variable "active_site" {
  description = "Where the platform runs, or shall run."
  type        = string
  default     = "onprem"
}

variable "window_start" {
  description = "From when on it runs away from home."
  type        = string
  default     = null
}

variable "hours" {
  description = "For how long."
  type        = string
  default     = "48"
}

variable "documents" {
  description = "Directory of policy, spend, artefacts and ledger."
  type        = string
  default     = ".."
}

provider "hybridops" {
  cost = {
    artifacts = "${var.documents}/output/artifacts/cost"
    policy    = "${var.documents}/policy.json"
    spend     = "${var.documents}/output/spend.json"
    ledger    = "${var.documents}/output/ledger"
  }
}

module "guardrail" {
  source = "../../../../modules/cost-guardrail"

  active_site  = var.active_site
  env          = "prod"
  components   = ["dr-aks"]
  hours        = var.hours
  window_start = var.window_start
}

# Stands for a pool of nodes.
resource "terraform_data" "pool" {
  count = module.guardrail.away ? 1 : 0
  input = module.guardrail.decision_id
}

output "decision_id" {
  value = module.guardrail.decision_id
}

output "explanation" {
  value = module.guardrail.explanation
}

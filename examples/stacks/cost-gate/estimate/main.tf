# What a failover would cost. A pipeline writes this at each run; the gate reads it, in another root.

terraform {
  required_version = ">= 1.8"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

variable "run_id" {
  description = "Run of the pipeline. Used once."
  type        = string
}

variable "artifacts" {
  description = "Root of the cost artefacts."
  type        = string
  default     = "../output/artifacts/cost"
}

variable "nodes" {
  description = "Nodes of the pool at most."
  type        = number
  default     = 3
}

resource "hybridops_cost_artifact" "dr" {
  run_id              = var.run_id
  component           = "dr-aks"
  env                 = "prod"
  owner               = "platform"
  purpose             = "dr"
  currency            = "EUR"
  scenario            = "dr-active"
  baseline            = "dr-standby"
  requires            = ["k8s.start", "traffic.cutover"]
  uncertainty_percent = "20"
  prices              = { id = "azure-contract-2026-03", as_of = "2026-03-28T00:00:00Z" }
  artifacts           = var.artifacts

  lines = [
    {
      id       = "aks-nodes"
      action   = "k8s.start"
      service  = "Virtual Machines"
      quantity = tostring(var.nodes)
      basis    = "autoscaler-max"
      price    = "0.1820"
    },
    {
      id       = "egress"
      action   = "traffic.cutover"
      kind     = "one_time"
      service  = "Bandwidth"
      unit     = "GB"
      quantity = "200"
      price    = "0.0750"
    },
  ]
}

output "hourly" {
  value = hybridops_cost_artifact.dr.hourly
}

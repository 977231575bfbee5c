# What the gate reads, made now: an artefact, a policy and what was spent.

terraform {
  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}

variable "root" {
  type = string
}

variable "spent" {
  type    = string
  default = "10.00"
}

locals {
  now   = timestamp()
  stamp = "YYYY-MM-DD'T'hh:mm:ss'Z'"
  start = "${formatdate("YYYY-MM-DD'T'hh", local.now)}:00:00Z"

  policy = jsonencode({
    schema     = "hybridops.cost-policy", schemaVersion = "1.0.0", version = "test", currency = "EUR"
    validUntil = formatdate(local.stamp, timeadd(local.now, "240h"))
    budgets = [{
      id = "prod-dr", match = { env = ["prod"], purpose = ["dr"] }, period = "year", limit = "100.00"
    }]
    caps     = { hours = "72" }
    artifact = { maxAge = 86400 }
  })
  spend = jsonencode({
    schema = "hybridops.cost-spend", schemaVersion = "1.0.0", currency = "EUR"
    asOf   = formatdate(local.stamp, timeadd(local.now, "-1m"))
    spend  = [{ budget = "prod-dr", period = formatdate("YYYY", local.now), actual = var.spent }]
  })
}

resource "terraform_data" "documents" {
  triggers_replace = [var.spent]

  provisioner "local-exec" {
    command     = "mkdir -p \"$ROOT\" && printf %s \"$POLICY\" > \"$ROOT/policy.json\" && printf %s \"$SPEND\" > \"$ROOT/spend.json\""
    environment = { ROOT = var.root, POLICY = local.policy, SPEND = local.spend }
  }
}

resource "hybridops_cost_artifact" "dr" {
  run_id              = "test-1"
  component           = "dr-aks"
  env                 = "prod"
  owner               = "platform"
  purpose             = "dr"
  currency            = "EUR"
  uncertainty_percent = "20"
  prices              = { id = "test", as_of = "2026-01-01T00:00:00Z" }
  artifacts           = "${var.root}/artifacts"

  lines = [{
    id = "nodes", action = "k8s.start", service = "Virtual Machines", quantity = "3", price = "0.5"
  }]

  lifecycle {
    ignore_changes = all
  }
}

output "window_start" {
  value = local.start
}

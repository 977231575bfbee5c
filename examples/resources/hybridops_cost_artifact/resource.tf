variable "run_id" {
  type = string
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
  requires            = ["k8s.start", "db.promote", "traffic.cutover"]
  uncertainty_percent = "20"
  prices              = { id = "azure-contract-2026-03", as_of = "2026-03-28T00:00:00Z" }
  target              = { provider = "Microsoft", account = "sub-dr-prod", region = "westeurope" }

  lines = [
    {
      id       = "aks-nodes"
      action   = "k8s.start"
      service  = "Virtual Machines"
      quantity = "3"
      basis    = "autoscaler-max"
      price    = "0.1820"
    },
    {
      # The standby is paid for already: what counts is what the larger one costs more.
      id                = "pg-small"
      action            = "db.promote"
      service           = "Virtual Machines"
      quantity          = "0"
      baseline_quantity = "1"
      price             = "0.2050"
    },
    {
      id       = "pg-large"
      action   = "db.promote"
      service  = "Virtual Machines"
      quantity = "1"
      price    = "0.4100"
    },
    {
      id              = "egress"
      action          = "traffic.cutover"
      kind            = "one_time"
      service         = "Bandwidth"
      unit            = "GB"
      quantity        = "200"
      price           = "0.0750"
      usage_estimated = true
    },
  ]
}

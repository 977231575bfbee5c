variable "active_site" {
  type    = string
  default = "onprem"
}

# The hour from which on it is asked for, pinned by the pipeline.
variable "window_start" {
  type = string
}

# When a failover to each target was last rehearsed with success: what the runbook of the drill writes down.
variable "last_drill" {
  type = map(string)
}

# What it would cost, by target.
data "hybridops_cost_gate" "by_target" {
  for_each     = toset(["azure", "gcp"])
  action       = "failover"
  env          = "prod"
  components   = ["dr-${each.key}"]
  purpose      = "dr"
  hours        = "48"
  window_start = var.window_start
}

# What is measured there.
data "hybridops_prometheus_query" "lag" {
  for_each = toset(["azure", "gcp"])
  query    = "pg_replication_lag_seconds{site=\"${each.key}\"}"
  on_fault = "report"
}

data "hybridops_prometheus_query" "probe" {
  for_each = toset(["azure", "gcp"])
  query    = "avg_over_time(probe_success{site=\"${each.key}\"}[10m])"
  source   = "probe_success{site=\"${each.key}\"}"
  on_fault = "report"
}

data "hybridops_dr_target" "this" {
  current = var.active_site == "onprem" ? null : var.active_site
  candidates = {
    azure = {
      region     = "westeurope"
      decision   = data.hybridops_cost_gate.by_target["azure"].decision
      lag        = data.hybridops_prometheus_query.lag["azure"]
      probe      = data.hybridops_prometheus_query.probe["azure"]
      capacity   = true
      last_drill = var.last_drill["azure"]
    }
    gcp = {
      region         = "europe-west4"
      decision       = data.hybridops_cost_gate.by_target["gcp"].decision
      credits        = "250.00"
      credits_expire = "2027-04-30T00:00:00Z"
      lag            = data.hybridops_prometheus_query.lag["gcp"]
      probe          = data.hybridops_prometheus_query.probe["gcp"]
      capacity       = true
      last_drill     = var.last_drill["gcp"]
    }
  }
  policy = {
    rpo_seconds     = 60
    allowed_regions = ["westeurope", "europe-west4"]
  }
}

output "failover_to" {
  value = data.hybridops_dr_target.this.selected
}

output "why" {
  value = data.hybridops_dr_target.this.explanation
}

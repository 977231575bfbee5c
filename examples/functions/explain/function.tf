data "hybridops_cost_gate" "dr" {
  action     = "failover"
  env        = "prod"
  components = ["dr-aks"]
  purpose    = "dr"
  hours      = "2"
  mode       = "simulate"
  now        = "2026-03-30T20:31:07Z"
}

output "why" {
  value = provider::hybridops::explain(data.hybridops_cost_gate.dr.decision)
}

variable "window_start" {
  type = string
}

data "hybridops_cost_gate" "dr" {
  action       = "failover"
  env          = "prod"
  components   = ["dr-aks"]
  purpose      = "dr"
  hours        = "2"
  window_start = var.window_start

  lifecycle {
    postcondition {
      condition     = self.allowed
      error_message = "Not allowed: ${join(", ", self.reason_codes)}."
    }
  }
}

output "cost" {
  value = data.hybridops_cost_gate.dr.projection
}

variable "window_start" {
  type = string
}

variable "active_site" {
  type    = string
  default = "azure"
}

# Keyed to the move: at home there is nothing to decide, and going home is never stopped.
data "hybridops_cost_gate" "dr" {
  count        = var.active_site == "onprem" ? 0 : 1
  action       = "failover"
  env          = "prod"
  components   = ["dr-aks"]
  purpose      = "dr"
  hours        = "2"
  window_start = var.window_start
}

resource "hybridops_cost_decision" "dr" {
  count   = var.active_site == "onprem" ? 0 : 1
  request = data.hybridops_cost_gate.dr[0].request
  pin     = data.hybridops_cost_gate.dr[0].pin

  lifecycle {
    create_before_destroy = true
  }
}

# What costs stands behind it.
resource "terraform_data" "pool" {
  count      = var.active_site == "onprem" ? 0 : 1
  input      = "3 nodes"
  depends_on = [hybridops_cost_decision.dr]
}

locals {
  # Keyed to the transition: at home nothing is asked, so that going home is never stopped.
  away = var.active_site != var.home_site
}

# Variables alone, and nothing that is made: whatever this waited for would be made before it is asked.
data "hybridops_cost_gate" "this" {
  count = local.away ? 1 : 0

  action        = var.action
  env           = var.env
  components    = var.components
  purpose       = var.purpose
  target        = var.active_site
  hours         = var.hours
  window_start  = var.window_start
  run_id        = var.run_id
  requested_by  = var.requested_by
  policy_sha256 = var.policy_sha256
  sources       = var.sources
  enforce       = "warn"

  lifecycle {
    postcondition {
      # What was decided stands, however the gate would judge it today.
      condition     = self.allowed || self.open_decision_id != null
      error_message = "Not allowed (${join(", ", self.reason_codes)}):\n${self.explanation}"
    }
  }
}

# Asked again at apply, reserved and sealed there.
resource "hybridops_cost_decision" "this" {
  count = local.away ? 1 : 0

  request              = data.hybridops_cost_gate.this[0].request
  pin                  = data.hybridops_cost_gate.this[0].pin
  policy_sha256        = var.policy_sha256
  on_change            = var.on_change
  expected_decision_id = var.expected_decision_id
  sources              = var.sources

  lifecycle {
    # The money is given back after what cost it is gone, and not before.
    create_before_destroy = true
  }
}

output "decision_id" {
  description = "The decision that stands; null at home. Refer to it, or put depends_on on the module, where something costs."
  value       = one(hybridops_cost_decision.this[*].decision_id)
}

output "away" {
  description = "Whether the platform runs away from home."
  value       = local.away
}

output "verdict" {
  description = "The verdict that was decided; null at home."
  value       = one(hybridops_cost_decision.this[*].verdict)
}

output "projected" {
  description = "What it is projected to cost in all, in the currency of the policy; null at home."
  value       = one(hybridops_cost_decision.this[*].projected)
}

output "window" {
  description = "Beginning and end of the window; null at home."
  value = one([
    for decision in hybridops_cost_decision.this : { start = decision.window_start, end = decision.window_end }
  ])
}

output "explanation" {
  description = "The decision in plain lines, every rule among them; null at home."
  value       = one(hybridops_cost_decision.this[*].explanation)
}

variable "active_site" {
  description = "Where the platform runs, or shall run: the home site, or a target such as azure."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.active_site))
    error_message = "The active site must be lower-case letters, digits and hyphens."
  }
}

variable "home_site" {
  description = "The site that costs nothing more: there is nothing to decide while it is the active one."
  type        = string
  default     = "onprem"
  nullable    = false
}

variable "action" {
  description = "What would be done away from home."
  type        = string
  default     = "failover"
  nullable    = false

  validation {
    condition     = !contains(["none", "failback", "scale_down", "stop"], var.action)
    error_message = "An action away from home costs; none, failback, scale_down and stop would never be gated."
  }
}

variable "env" {
  description = "Environment, such as prod."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.env))
    error_message = "The environment must be lower-case letters, digits and hyphens."
  }
}

variable "components" {
  description = "Components that would be started, each with its cost artefact."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.components) > 0 && length(distinct(var.components)) == length(var.components)
    error_message = "Name one component or more, each once."
  }
}

variable "purpose" {
  description = "What for: dr, burst or drill."
  type        = string
  default     = "dr"
  nullable    = false

  validation {
    condition     = contains(["dr", "burst", "drill"], var.purpose)
    error_message = "The purpose must be dr, burst or drill."
  }
}

variable "hours" {
  description = "For how many hours, such as 48 or 0.25."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(0|[1-9][0-9]{0,3})(\\.[0-9]{1,6})?$", var.hours)) && try(tonumber(var.hours) > 0 && tonumber(var.hours) <= 8760, false)
    error_message = "The hours must be a decimal number above 0 and at most 8760."
  }
}

variable "window_start" {
  description = "From when on, such as 2026-03-30T22:00:00Z: a full quarter of an hour. Needed away from home, and pinned there."
  type        = string
  default     = null

  validation {
    condition     = var.window_start == null || can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:(00|15|30|45):00Z$", var.window_start))
    error_message = "The beginning of the window must be a time in UTC at a full quarter of an hour, such as 2026-03-30T22:00:00Z."
  }
}

variable "run_id" {
  description = "The run whose artefacts count. The newest of each component unless set."
  type        = string
  default     = null
}

variable "requested_by" {
  description = "Who asks, such as repo:acme/dr:environment:dr-prod."
  type        = string
  default     = null
}

variable "policy_sha256" {
  description = "SHA-256 that the policy must have. Any unless set."
  type        = string
  default     = null

  validation {
    condition     = var.policy_sha256 == null || can(regex("^(sha256:)?[0-9a-f]{64}$", var.policy_sha256))
    error_message = "The digest of the policy must be 64 hex digits, with or without sha256: before them."
  }
}

variable "expected_decision_id" {
  description = "The decision that was looked at: any other one is refused. Any unless set."
  type        = string
  default     = null

  validation {
    condition     = var.expected_decision_id == null || can(regex("^cd_[0-9a-f]{32}$", var.expected_decision_id))
    error_message = "The name of a decision is cd_ and 32 hex digits."
  }
}

variable "on_change" {
  description = "What an apply does where the facts are other ones than at the plan: accept_not_worse or fail."
  type        = string
  default     = "accept_not_worse"
  nullable    = false

  validation {
    condition     = contains(["accept_not_worse", "fail"], var.on_change)
    error_message = "An apply either accepts what is not worse (accept_not_worse), or nothing else (fail)."
  }
}

variable "sources" {
  description = "Where documents are, in place of what the provider's cost section says."
  type = object({
    artifacts = optional(string)
    policy    = optional(string)
    spend     = optional(string)
    rates     = optional(string)
    approvals = optional(string)
    ledger    = optional(string)
  })
  default = null
}

# Needs nothing but files: neither a site nor a network.

provider "hybridops" {
  cost = {
    artifacts = "tests/out/artifacts"
    policy    = "tests/out/policy.json"
    spend     = "tests/out/spend.json"
    ledger    = "tests/out/ledger"
  }
}

variables {
  root       = "tests/out"
  env        = "prod"
  components = ["dr-aks"]
  hours      = "10"
}

run "documents" {
  module { source = "./tests/documents" }
}

run "at_home_nothing_is_asked" {
  variables {
    active_site = "onprem"
    hours       = "8760"
  }

  assert {
    condition     = output.decision_id == null && !output.away
    error_message = "There is nothing to decide at home."
  }
}

run "what_is_too_long_is_not_allowed" {
  command = plan

  variables {
    active_site  = "azure"
    hours        = "73"
    window_start = run.documents.window_start
  }

  expect_failures = [data.hybridops_cost_gate.this]
}

run "away_it_is_decided_and_reserved" {
  variables {
    active_site  = "azure"
    window_start = run.documents.window_start
  }

  assert {
    condition     = output.projected == "18.00" || tonumber(output.projected) == 18
    error_message = "3 nodes of 0.5 for 10 hours with 20 percent are 18, not ${output.projected}."
  }

  assert {
    condition     = output.verdict == "allow" && startswith(output.decision_id, "cd_")
    error_message = "It is allowed, and has a name."
  }

  assert {
    condition     = strcontains(output.explanation, "budget:prod-dr:")
    error_message = "Every rule is told."
  }
}

run "the_money_is_gone_meanwhile" {
  module { source = "./tests/documents" }

  variables {
    spent = "95.00"
  }
}

run "what_was_decided_stands" {
  variables {
    active_site  = "azure"
    window_start = run.documents.window_start
  }

  assert {
    condition     = output.decision_id == run.away_it_is_decided_and_reserved.decision_id
    error_message = "It is decided once."
  }
}

run "more_of_it_is_not_allowed" {
  command = plan

  variables {
    active_site  = "azure"
    hours        = "20"
    window_start = run.documents.window_start
  }

  expect_failures = [data.hybridops_cost_gate.this]
}

run "going_home_is_never_stopped" {
  variables {
    active_site = "onprem"
  }

  assert {
    condition     = output.decision_id == null
    error_message = "The window is closed."
  }
}

run "hours_that_are_none" {
  command = plan

  variables {
    active_site = "azure"
    hours       = "1e3"
  }

  expect_failures = [var.hours]
}

run "a_window_between_quarters" {
  command = plan

  variables {
    active_site  = "azure"
    window_start = "2026-03-30T22:07:00Z"
  }

  expect_failures = [var.window_start]
}

run "an_action_that_is_never_gated" {
  command = plan

  variables {
    active_site = "azure"
    action      = "failback"
  }

  expect_failures = [var.action]
}

run "no_component" {
  command = plan

  variables {
    active_site = "azure"
    components  = []
  }

  expect_failures = [var.components]
}

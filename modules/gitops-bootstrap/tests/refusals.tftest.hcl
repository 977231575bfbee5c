# What is planned and what is refused, before anything is asked of anybody: no cluster is needed.

mock_provider "hybridops" {}

variables {
  cluster     = { server = { host = "10.8.0.11" } }
  app_of_apps = { repo_url = "https://git.example.com/platform/apps.git", path = "clusters/platform" }
  # Terraform's tests lose the default of an ephemeral variable between plan and apply.
  repository_credentials         = { username = "argocd", password = "tried-once-only" }
  repository_credentials_version = 1
}

run "all_of_it_is_planned" {
  command = plan

  assert {
    condition     = hybridops_kubernetes_addon.argo_cd[0].catalogue == "argo-cd" && hybridops_kubernetes_addon.longhorn[0].catalogue == "longhorn" && hybridops_kubernetes_addon.external_secrets[0].catalogue == "external-secrets"
    error_message = "An add-on is missing."
  }

  assert {
    condition     = yamldecode(hybridops_kubernetes_addon.longhorn[0].chart.values).persistence.reclaimPolicy == "Retain"
    error_message = "Volumes go with their claims."
  }

  assert {
    condition     = hybridops_kubernetes_addon.argo_cd[0].on_destroy == "refuse" && length(hybridops_kubernetes_addon.stores) == 0
    error_message = "Data may be lost by accident, or there is a store nobody asked for."
  }
}

run "only_argo_cd" {
  command = plan

  variables {
    longhorn         = null
    external_secrets = null
  }

  assert {
    condition     = length(hybridops_kubernetes_addon.longhorn) == 0 && length(hybridops_kubernetes_addon.external_secrets) == 0 && length(hybridops_kubernetes_addon.root) == 1
    error_message = "What is null is not left out."
  }
}

run "stores_of_secrets" {
  command = plan

  variables {
    external_secrets = { stores = { vault = "provider:\n  vault:\n    server: https://vault.example.com\n" } }
  }

  assert {
    condition     = yamldecode(hybridops_kubernetes_addon.stores[0].manifests[0]).spec.provider.vault.server == "https://vault.example.com"
    error_message = "The store is another one."
  }
}

run "values_of_ones_own_win" {
  command = plan

  variables {
    longhorn = { values = "persistence:\n  defaultClass: false\n", replicas = 2 }
  }

  assert {
    condition     = yamldecode(hybridops_kubernetes_addon.longhorn[0].chart.values).persistence == { defaultClass = false }
    error_message = "The module's values win."
  }
}

run "two_ways_to_the_cluster" {
  command = plan
  variables {
    cluster = { server = { host = "10.8.0.11" }, kubeconfig_path = "kubeconfig" }
  }
  expect_failures = [var.cluster]
}

run "another_distribution" {
  command = plan
  variables {
    cluster = { server = { host = "10.8.0.11" }, distribution = "k0s" }
  }
  expect_failures = [var.cluster]
}

run "a_repository_without_proof" {
  command = plan
  variables {
    app_of_apps = { repo_url = "http://git.example.com/apps.git" }
  }
  expect_failures = [var.app_of_apps]
}

run "a_path_out_of_the_repository" {
  command = plan
  variables {
    app_of_apps = { repo_url = "https://git.example.com/apps.git", path = "../other" }
  }
  expect_failures = [var.app_of_apps]
}

run "a_root_with_a_bad_name" {
  command = plan
  variables {
    app_of_apps = { repo_url = "https://git.example.com/apps.git", name = "Root_App" }
  }
  expect_failures = [var.app_of_apps]
}

run "a_root_without_argo_cd" {
  command = plan
  variables {
    argo_cd = null
  }
  expect_failures = [var.app_of_apps]
}

run "credentials_of_no_repository" {
  command = plan
  variables {
    app_of_apps = null
  }
  expect_failures = [var.repository_credentials_version]
}

run "values_that_are_no_mapping" {
  command = plan
  variables {
    argo_cd = { values = "- a\n- b\n" }
  }
  expect_failures = [var.argo_cd]
}

run "a_chart_from_two_places" {
  command = plan
  variables {
    external_secrets = { repo = "https://charts.example.com", content = "aGVsbG8=" }
  }
  expect_failures = [var.external_secrets]
}

run "a_store_without_a_provider" {
  command = plan
  variables {
    external_secrets = { stores = { vault = "server: https://vault.example.com\n" } }
  }
  expect_failures = [var.external_secrets]
}

run "half_a_replica" {
  command = plan
  variables {
    longhorn = { replicas = 0.5 }
  }
  expect_failures = [var.longhorn]
}

run "destroying_in_another_way" {
  command = plan
  variables {
    on_destroy = "force"
  }
  expect_failures = [var.on_destroy]
}

run "a_time_without_a_unit" {
  command = plan
  variables {
    timeout = "30"
  }
  expect_failures = [var.timeout]
}

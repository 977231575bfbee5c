# Run against a cluster that TF_VAR_cluster leads to, entered with the key of HYBRIDOPS_SSH_PRIVATE_KEY: the lab's, or one of
# your own that may lose what is made here.

provider "hybridops" {
  ssh = {}
}

variables {
  app_of_apps = { repo_url = "https://git.example.com/platform/apps.git", path = "clusters/platform" }
  external_secrets = {
    stores = { vault = "provider:\n  vault:\n    server: https://vault.example.com\n    path: kv\n" }
  }
  longhorn   = { replicas = 1 }
  on_destroy = "delete"

  # Terraform's tests lose the default of an ephemeral variable between plan and apply.
  repository_credentials         = { username = "argocd", password = "tried-once-only" }
  repository_credentials_version = 1
}

run "gitops_takes_over" {
  assert {
    condition     = output.namespaces == { argo_cd = "argocd", external_secrets = "external-secrets", longhorn = "longhorn-system" }
    error_message = "An add-on is not where the catalogue puts it."
  }

  assert {
    condition     = length([for object in output.objects : object if endswith(object, "argocd/root")]) == 1 && length([for object in output.objects : object if startswith(object, "ClusterSecretStore")]) == 1
    error_message = "The root or the store is missing: ${join(", ", output.objects)}."
  }
}

run "nothing_is_left_to_do" {
  command = plan

  assert {
    condition     = output.objects == run.gitops_takes_over.objects && alltrue([for differences in values(output.differences) : length(differences) == 0])
    error_message = "A second plan would change something."
  }
}

run "the_root_moves" {
  variables {
    app_of_apps = { repo_url = "https://git.example.com/platform/apps.git", path = "clusters/other" }
  }

  assert {
    condition     = output.objects == run.gitops_takes_over.objects
    error_message = "Something else was made or taken away."
  }
}

# By a server of the cluster and the name of the add-on, or of a HelmChart in kube-system.
terraform import hybridops_kubernetes_addon.argo_cd 10.8.0.11/argo-cd
# With host keys that the provider's known_hosts do not have.
terraform import hybridops_kubernetes_addon.argo_cd '{"host": "10.8.0.11", "host_keys": ["ssh-ed25519 AAAA…"]}/argo-cd'
# By a kubeconfig file on this machine.
terraform import hybridops_kubernetes_addon.argo_cd file:platform.yaml/argo-cd

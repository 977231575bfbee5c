# Objects of your own: those that are taken out of the list are deleted from the cluster.
resource "hybridops_kubernetes_addon" "web" {
  name    = "web"
  cluster = { server = { host = "10.8.0.11", host_keys = [file("platform-a.pub")] } }
  manifests = [
    yamlencode({ apiVersion = "v1", kind = "Namespace", metadata = { name = "web" } }),
    file("web.yaml"),
  ]
}

# How far the replica in Azure is behind, as a Prometheus in the cloud sees it. A replica that is no longer measured gives no
# value, however long its last one is remembered.
data "hybridops_prometheus_query" "lag_azure" {
  query           = "max(pg_replication_lag_seconds{cluster=\"db-01\", site=\"azure\"})"
  source          = "pg_replication_lag_seconds{cluster=\"db-01\", site=\"azure\"}"
  max_age_seconds = 90
  on_fault        = "report"
}

# The same fact from a second vantage point, which gets no credentials of the first.
data "hybridops_prometheus_query" "probe_onprem" {
  url      = "https://prometheus.gcp.example.com"
  query    = "probe_success{job=\"blackbox\", instance=\"https://app.example.com\"}"
  on_fault = "report"
}

output "replica" {
  value = data.hybridops_prometheus_query.lag_azure.explanation
}

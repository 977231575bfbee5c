output "started_at" {
  value = provider::hybridops::parse_upid("UPID:pve1:00001249:000602AB:6B013991:vzdump:101:root@pam:").started_at
}

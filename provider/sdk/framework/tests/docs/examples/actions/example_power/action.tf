action "example_power" "off" {
  config {
    guest = 100
  }
}

list "example_guest" "all" {
  provider = example
}

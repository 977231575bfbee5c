output "sum" {
  value = provider::example::add_all(1, 2, 3)
}

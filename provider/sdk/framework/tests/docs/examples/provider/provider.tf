provider "example" {
  endpoint = "https://example"
}

resource "hybridops_netbox_user" "example" {
  username         = "terraform"
  password         = "Correct-horse-1-Amsterdam"
  password_version = 1
}

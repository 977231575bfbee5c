//! Terraform's types and values, with their msgpack and JSON codecs.

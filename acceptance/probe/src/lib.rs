//! A provider of trivial objects, for tests and benchmarks of the SDK only.

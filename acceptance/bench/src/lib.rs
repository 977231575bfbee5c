//! Measures the provider as ratios against terraform_data and a trivial provider.

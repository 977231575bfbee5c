//! Acceptance tests: the real terraform binary against the lab.

//! Stand-ins for the systems the provider talks to, for tests and demonstrations.

//! One policy for every HTTP API.

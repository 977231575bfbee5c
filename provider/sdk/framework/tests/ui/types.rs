use std::time::Duration;

use tf_framework::Model;

/// Types.
#[derive(Clone, Model)]
struct Types {
    /// No attribute type.
    wait: Duration,
}

/// Nothing in a type that holds something.
#[derive(Clone, Model)]
struct Nothing {
    /// Optional.
    #[attr(optional)]
    name: String,
}

/// Defaults of another type.
#[derive(Clone, Model)]
struct Defaults {
    /// A number.
    #[attr(default = "one")]
    count: u16,
}

fn main() {}

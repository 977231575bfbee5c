use tf_framework::Model;

/// Nothing in a type that holds something.
#[derive(Clone, Model)]
struct Nothing {
    /// Optional.
    #[attr(optional)]
    name: String,
}

fn main() {}

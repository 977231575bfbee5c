use tf_framework::Model;

/// An enum.
#[derive(Clone, Model)]
enum Enum {
    A,
}

/// A union.
#[derive(Clone, Copy, Model)]
union Union {
    a: u8,
}

/// A tuple.
#[derive(Clone, Model)]
struct Tuple(String);

/// Nothing.
#[derive(Clone, Model)]
struct Unit;

/// Generic.
#[derive(Clone, Model)]
struct Generic<T> {
    /// A field.
    field: T,
}

/// Borrowed.
#[derive(Clone, Model)]
struct Borrowed<'a> {
    /// A field.
    field: &'a str,
}

#[derive(Clone, Model)]
struct Silent {
    first: String,
    #[doc(hidden)]
    #[attr(optional)]
    second: Option<String>,
    #[doc = include_str!("model_shape.rs")]
    third: String,
}

/// Names.
#[derive(Clone, Model)]
#[allow(non_snake_case)]
struct Names {
    /// Upper.
    Upper: String,
    /// Dashed.
    #[attr(rename = "with-dash")]
    dashed: String,
    /// Twice.
    r#type: String,
    /// Twice.
    #[attr(rename = "type")]
    kind: String,
}

/// A resource by mistake.
#[derive(Clone, Model)]
#[resource(name = "vm")]
struct Vm {}

/// A word for a field.
#[derive(Clone, Model)]
#[attr(replace)]
struct Whole {}

fn main() {}

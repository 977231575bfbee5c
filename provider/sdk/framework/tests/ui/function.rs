use tf_framework::function;

#[function(name = "Silent", depricated = "x")]
fn silent(a: String) -> String {
    a
}

/// Borrows.
#[function]
fn borrows(
    /// Text.
    text: &str,
) -> String {
    text.to_owned()
}

/// Waits.
#[function]
async fn waits() -> String {
    String::new()
}

/// Generic.
#[function]
fn generic<T>(
    /// Anything.
    value: T,
) -> String {
    drop(value);
    String::new()
}

/// Nothing comes back.
#[function]
fn nothing() {}

/// The wrong one takes the rest.
#[function]
fn rest(
    /// Many.
    #[variadic]
    many: Vec<String>,
    /// One.
    one: String,
) -> Vec<String> {
    many.into_iter().chain([one]).collect()
}

/// What takes the rest is no list.
#[function]
fn single(
    /// Many.
    #[variadic]
    many: String,
) -> String {
    many
}

/// Pattern.
#[function]
fn pattern(
    /// A pair.
    (a, _b): (String, String),
) -> String {
    a
}

/// No function.
#[function]
struct Struct;

fn main() {}

use tf_framework::Model;

/// Validators.
#[derive(Clone, Model)]
struct Validators {
    /// A slip.
    #[attr(validate(lenght(1..=5)))]
    a: String,
    /// Exclusive.
    #[attr(validate(range(1..5)))]
    b: u16,
    /// Everything.
    #[attr(validate(range(..)))]
    c: u16,
    /// Nothing.
    #[attr(validate(range(5..=1)))]
    d: u16,
    /// Two.
    #[attr(validate(length(1, 5)))]
    e: String,
    /// Too much for the type.
    #[attr(validate(range(-1..=300), one_of(1, 256)))]
    f: u8,
    /// Too much for the type inside.
    #[attr(validate(each(range(1..=70000))))]
    g: Option<Vec<u16>>,
    /// Negative count.
    #[attr(validate(items(-1..)))]
    h: Vec<String>,
    /// Twice.
    #[attr(validate(one_of("a", "b", "a")))]
    i: String,
    /// Not anchored.
    #[attr(validate(matches("[a-z]+", "a word")))]
    j: String,
    /// Without text.
    #[attr(validate(matches("^[a-z]+$")))]
    k: String,
    /// Nothing.
    #[attr(validate(one_of()))]
    l: String,
}

/// Siblings.
#[derive(Clone, Model)]
struct Siblings {
    /// Itself.
    #[attr(validate(conflicts_with(content)))]
    content: Option<String>,
    /// A slip.
    #[attr(validate(exactly_one_of(contents)))]
    source: Option<String>,
    /// Nobody.
    #[attr(validate(required_with(nobody)))]
    third: Option<String>,
    /// Twice.
    #[attr(validate(at_least_one_of(content, "content")))]
    fourth: Option<String>,
    /// Inside.
    #[attr(validate(each(conflicts_with(content))))]
    fifth: Vec<String>,
}

fn main() {}

use tf_framework::{Computed, Model, WriteOnly};

/// Slips.
#[derive(Clone, Model)]
struct Slips {
    /// A slip.
    #[attr(requierd)]
    a: String,
    /// Nothing like it.
    #[attr(banana)]
    b: String,
    /// A validator.
    #[attr(range(1..=5))]
    c: u16,
    /// A count.
    #[attr(min = 1)]
    d: Vec<String>,
    /// A description.
    #[attr(description = "Text.")]
    e: String,
    /// Several at once.
    #[attr(replaces, sensitiv)]
    f: String,
}

/// Values.
#[derive(Clone, Model)]
struct Values {
    /// Alone.
    #[attr(required = true)]
    a: String,
    /// Missing.
    #[attr(default)]
    b: u16,
    /// No string.
    #[attr(deprecated = 3)]
    c: String,
    /// No list.
    #[attr(validate)]
    d: String,
    /// Empty.
    #[attr(validate())]
    e: String,
    /// Text missing.
    #[attr(replace_if(check))]
    f: String,
    /// Text empty.
    #[attr(replace_if(check, ""))]
    g: String,
    /// No text.
    #[attr(replace_if(check, 5))]
    h: String,
    /// No parentheses.
    #[attr]
    i: String,
    /// Unfinished.
    #[attr(default = )]
    j: u16,
    /// Equality.
    #[attr(eq = jsn)]
    k: String,
    /// Equality.
    #[attr(eq)]
    l: String,
}

/// Defaults of another type.
#[derive(Clone, Model)]
struct Defaults {
    /// A number.
    #[attr(default = "one")]
    count: u16,
    /// Text.
    #[attr(default = 1)]
    name: Option<String>,
    /// Truth.
    #[attr(default = "true")]
    truth: bool,
    /// A list.
    #[attr(default = "a")]
    list: Vec<String>,
    /// A whole number.
    #[attr(default = 1.5)]
    whole: i64,
}

/// Contradictions.
#[derive(Clone, Model)]
struct Contradictions {
    /// Twice.
    #[attr(replace)]
    #[attr(replace)]
    a: String,
    /// Both.
    #[attr(required, optional)]
    b: Option<String>,
    /// Required and computed.
    #[attr(required, computed)]
    c: Computed<String>,
    /// Required with a default.
    #[attr(default = 1, required)]
    d: u16,
    /// Write-only with a default.
    #[attr(default = "a")]
    e: WriteOnly<String>,
    /// Write-only and kept.
    #[attr(write_only, stable)]
    f: Option<String>,
    /// Kept twice.
    #[attr(stable, stable_non_null)]
    g: Computed<String>,
    /// Replaced twice.
    #[attr(replace, replace_if_configured)]
    h: String,
}

fn main() {}

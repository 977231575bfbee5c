//! Tags, compared and written the way the cluster's tag style has it.

use serde_json::Value;

use super::lenient;
use super::property::PropertyString;

/// In which order tags are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TagOrder {
    /// Sorted.
    #[default]
    Alphabetical,
    /// As given.
    Config,
}

/// The cluster's `tag-style`, as far as it changes what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TagStyle {
    /// Upper case is kept.
    pub case_sensitive: bool,
    /// The order kept.
    pub order: TagOrder,
}

impl TagStyle {
    /// Reads `tag-style` of the cluster options: an object or a property string.
    pub fn from_option(option: &Value) -> Self {
        let field = |name: &str| match option {
            Value::String(text) => PropertyString::parse(text, None).ok()?.get(name).map(Value::from),
            other => other.get(name).cloned(),
        };
        let order = field("ordering").and_then(|value| lenient::scalar(&value));
        Self {
            case_sensitive: field("case-sensitive")
                .and_then(|value| lenient::truth(&value))
                .unwrap_or_default(),
            order: if order.as_deref() == Some("config") { TagOrder::Config } else { TagOrder::Alphabetical },
        }
    }

    /// The tags as the cluster stores them: split, folded, without repetition, in order.
    pub fn normalise<S: AsRef<str>>(&self, tags: impl IntoIterator<Item = S>) -> Vec<String> {
        let mut stored: Vec<String> = Vec::new();
        for text in tags {
            for tag in lenient::list(text.as_ref()) {
                let tag = if self.case_sensitive { tag.to_owned() } else { tag.to_lowercase() };
                if !stored.contains(&tag) {
                    stored.push(tag);
                }
            }
        }
        if self.order == TagOrder::Alphabetical {
            stored.sort();
        }
        stored
    }

    /// The wire text: `a;b`.
    pub fn format<S: AsRef<str>>(&self, tags: impl IntoIterator<Item = S>) -> String {
        self.normalise(tags).join(";")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn styles() {
        let tags = ["Web", "tf; web", "a,b"];
        assert_eq!(TagStyle::default().normalise(tags), ["a", "b", "tf", "web"]);
        let style = TagStyle::from_option(&json!({"case-sensitive": 1, "ordering": "config"}));
        assert_eq!(style.normalise(tags), ["Web", "tf", "web", "a", "b"]);
        assert_eq!(style, TagStyle::from_option(&json!("case-sensitive=1,ordering=config,shape=full")));
        assert_eq!(TagStyle::from_option(&json!(null)), TagStyle::default());
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(
            tags in proptest::collection::vec("[a-zA-Z0-9_;, +-]{0,10}", 0..6),
            case_sensitive: bool,
            config: bool,
        ) {
            let order = if config { TagOrder::Config } else { TagOrder::Alphabetical };
            let style = TagStyle { case_sensitive, order };
            let once = style.normalise(&tags);
            prop_assert_eq!(style.normalise(&once), once.clone());
            prop_assert_eq!(style.normalise([style.format(&tags)]), once);
        }
    }
}

//! Messages for the server's changelog.

use catalogue::description::Version;
use serde_json::{Map, Value};
use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;

/// The first version that records messages.
pub(super) const RECORDS_MESSAGES: Version = Version::new(4, 4);
/// The key in a body.
const KEY: &str = "changelog_message";
/// What the server's column holds.
const LONGEST: usize = 200;

impl NetBox {
    /// The message to send with a write.
    pub(super) async fn message(
        &self,
        stamp: Option<&str>,
        budget: &Budget,
    ) -> Result<Option<String>, Error> {
        let Some(message) = compose(self.core.message.as_deref(), stamp) else { return Ok(None) };
        Ok((self.version(budget).await? >= RECORDS_MESSAGES).then_some(message))
    }
}

/// Puts a message into a body that has none of its own.
pub(super) fn with_message(mut body: Map<String, Value>, message: Option<&String>) -> Map<String, Value> {
    if let Some(message) = message {
        body.entry(KEY).or_insert_with(|| message.clone().into());
    }
    body
}

/// The body of a deletion.
pub(super) fn only_message(message: String) -> Map<String, Value> {
    std::iter::once((KEY.to_owned(), Value::from(message))).collect()
}

/// The message's form field in a form.
pub(super) fn field(message: String) -> (String, String) {
    (KEY.to_owned(), message)
}

/// The stamp stands last and whole.
fn compose(message: Option<&str>, stamp: Option<&str>) -> Option<String> {
    let stamp: Option<String> =
        stamp.map(|stamp| stamp.split_whitespace().collect::<Vec<_>>().join("-")).filter(|s| !s.is_empty());
    let taken = stamp.as_ref().map_or(0, |stamp| stamp.chars().count() + 1);
    let message = message.map(|text| text.trim().chars().take(LONGEST.saturating_sub(taken)).collect());
    let parts: Vec<String> =
        message.into_iter().chain(stamp).filter(|part: &String| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The stamp of a message, if it has one.
pub(super) fn stamp_of(message: &str) -> Option<&str> {
    message.split_whitespace().next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_survives_a_long_message() {
        let long = "ä".repeat(300);
        let message = compose(Some(&long), Some("hybridops:3f9a")).unwrap();
        assert_eq!(message.chars().count(), 200);
        assert_eq!(stamp_of(&message), Some("hybridops:3f9a"));
        assert_eq!(compose(Some("run 42"), Some("a b")).as_deref(), Some("run 42 a-b"));
        assert_eq!(compose(None, Some("s")).as_deref(), Some("s"));
        assert_eq!(compose(Some("run 42"), None).as_deref(), Some("run 42"));
        assert_eq!(compose(None, None), None);
    }
}

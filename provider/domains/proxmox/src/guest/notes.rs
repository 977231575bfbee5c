//! Notes of a guest: the user's text, and below it what the provider keeps there.
//!
//! It is an HTML comment: the web interface renders notes as Markdown and does not show it.

use serde::Serialize;
use serde::de::DeserializeOwned;

const OPEN: &str = "<!-- hybridops:";
const CLOSE: &str = "-->";

/// Notes of the user's text and what is kept below it.
pub(crate) fn join_notes<S: Serialize>(text: Option<&str>, kept: &S) -> String {
    // A comment ends at the first `-->`, whatever quotes it stands in.
    let json = serde_json::to_string(kept).unwrap_or_default().replace('>', "\\u003e");
    match text.map(str::trim_end).filter(|text| !text.is_empty()) {
        Some(text) => format!("{text}\n\n{OPEN}{json} {CLOSE}"),
        None => format!("{OPEN}{json} {CLOSE}"),
    }
}

/// The user's text, and what is kept below it where it is an `S`. Notes without it are the user's as they stand.
pub(crate) fn split_notes<S: DeserializeOwned>(notes: &str) -> (Option<String>, Option<S>) {
    let text = |text: &str| Some(text.trim_end().to_owned()).filter(|text| !text.is_empty());
    let Some(start) = notes.rfind(OPEN) else { return (text(notes), None) };
    let (before, comment) = notes.split_at(start);
    let body = comment.strip_prefix(OPEN).and_then(|rest| rest.split_once(CLOSE));
    let Some((json, after)) = body else { return (text(notes), None) };
    match serde_json::from_str(json.trim()) {
        Ok(kept) => (text(&format!("{}{}", before.trim_end(), after.trim_end())), Some(kept)),
        Err(_) => (text(notes), None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_is_read_back(text in "[a-zA-Z0-9 \\n#<>!-]{0,80}", kept in "[a-z>/-]{1,40}") {
            prop_assume!(!text.contains(OPEN));
            let kept = json!({"kept": kept});
            let (read, found) = split_notes(&join_notes(Some(&text), &kept));
            prop_assert_eq!(found, Some(kept));
            prop_assert_eq!(read.as_deref().unwrap_or_default(), text.trim_end());
        }

        #[test]
        fn any_notes_can_be_split(text in "\\PC{0,200}") {
            let _ = split_notes::<serde_json::Value>(&text);
        }
    }

    #[test]
    fn foreign_notes_are_left_alone() {
        let split = split_notes::<std::collections::BTreeMap<String, u8>>;
        assert_eq!(split("by hand\n"), (Some("by hand".to_owned()), None));
        assert_eq!(split(""), (None, None));
        let other = format!("text {OPEN}[] {CLOSE}");
        assert_eq!(split(&other), (Some(other.clone()), None));
    }

    #[test]
    fn what_stands_after_is_kept() {
        let edited = format!("{}\nadded below", join_notes(Some("above"), &json!({})));
        let (text, found) = split_notes::<serde_json::Value>(&edited);
        assert!(found.is_some());
        assert_eq!(text.as_deref(), Some("above\nadded below"));
    }
}

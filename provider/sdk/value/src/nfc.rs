//! Unicode normalisation as Terraform core does it.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The normal form C of `text`, borrowed where it is normal already.
///
/// Core normalises every string it reads, so that a string from an API has to be normalised before it is
/// compared with one from core.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// [`nfc`] of an owned string, without a copy where it is normal already.
pub(crate) fn into_nfc(text: String) -> String {
    match nfc(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(normal) => normal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composes_what_was_decomposed() {
        assert_eq!(nfc("Cafe\u{301}"), "Caf\u{e9}");
        assert_eq!(into_nfc("Cafe\u{301}".to_owned()), "Caf\u{e9}");
    }

    #[test]
    fn borrows_what_is_normal() {
        assert!(matches!(nfc("plain"), Cow::Borrowed(_)));
        assert!(matches!(nfc("Caf\u{e9}"), Cow::Borrowed(_)));
    }
}

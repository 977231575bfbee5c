//! Keeping secrets out of what people read.

use std::borrow::Cow;

use url::Url;

use transport_base::Secret;

/// What stands where a secret stood.
const MASK: &str = "(redacted)";
/// The longest piece of a foreign body shown in an error, in characters.
const EXCERPT: usize = 300;
/// Shorter values would blank out ordinary words.
const SHORTEST_SECRET: usize = 4;
/// Parts of names whose values are secret, compared without case.
const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "ticket",
    "signature",
    "credential",
    "authorization",
    "cookie",
    "apikey",
    "api_key",
    "api-key",
    "private",
    "otp",
    "sig",
];

/// Removes secrets from text: known values wherever they stand, and values whose name gives them away.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    values: Vec<Secret>,
}

impl Redactor {
    /// A redactor that knows these values.
    pub fn new(values: impl IntoIterator<Item = Secret>) -> Self {
        let mut redactor = Self::default();
        redactor.learn(values);
        redactor
    }

    pub(crate) fn learn(&mut self, values: impl IntoIterator<Item = Secret>) {
        for value in values.into_iter().filter(|value| value.expose().len() >= SHORTEST_SECRET) {
            let encoded: String = url::form_urlencoded::byte_serialize(value.expose().as_bytes()).collect();
            let percent =
                percent_encoding::utf8_percent_encode(value.expose(), percent_encoding::NON_ALPHANUMERIC)
                    .to_string();
            for form in [encoded, percent] {
                if form != value.expose() {
                    self.values.push(Secret::new(form));
                }
            }
            self.values.push(value);
        }
        // The longest first: a secret may be part of another.
        self.values.sort_by_key(|value| std::cmp::Reverse(value.expose().len()));
    }

    /// Text without the known values.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for value in &self.values {
            if text.contains(value.expose()) {
                text = Cow::Owned(text.replace(value.expose(), MASK));
            }
        }
        text
    }

    /// A URL without credentials and without the values of secret parameters.
    pub fn url(&self, url: &Url) -> String {
        let mut shown = url.clone();
        // Neither can fail on a URL that has a host; one without a host carries no credentials.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        if url.query().is_some() {
            let pairs: Vec<String> = url
                .query_pairs()
                .map(|(name, value)| {
                    let value = if is_secret_name(&name) { MASK.into() } else { value };
                    format!("{name}={value}")
                })
                .collect();
            shown.set_query(None);
            return self.text(&format!("{shown}?{}", pairs.join("&"))).into_owned();
        }
        self.text(shown.as_str()).into_owned()
    }

    /// A short, single-line, redacted piece of a body; markup is reduced to its words.
    pub fn excerpt(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        let text = self.text(&text);
        let text = match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(mut json) => {
                mask_json(&mut json);
                json.to_string()
            }
            Err(_) => mask_fields(&without_markup(&text)),
        };
        let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((cut, _)) = words.char_indices().nth(EXCERPT) {
            words.truncate(cut);
            words.push('…');
        }
        words
    }
}

/// Whether a field of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

fn mask_json(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                // A message about a field stands under the field's name, so only plain values are masked whole.
                if is_secret_name(name) && !value.is_object() && !value.is_array() {
                    *value = MASK.into();
                } else {
                    mask_json(value);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(mask_json),
        _ => {}
    }
}

/// Masks `"name": "value"` in text that is not whole JSON, so that a cut answer shows no secret either.
fn mask_fields(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut mask_next = false;
    for (index, piece) in text.split('"').enumerate() {
        if index > 0 {
            shown.push('"');
        }
        let inside = index % 2 == 1;
        if inside && mask_next {
            shown.push_str(MASK);
            mask_next = false;
        } else {
            shown.push_str(piece);
            mask_next = if inside { is_secret_name(piece) } else { mask_next && piece.trim() == ":" };
        }
    }
    shown
}

fn without_markup(text: &str) -> String {
    if !text.trim_start().starts_with('<') {
        return text.to_owned();
    }
    let mut words = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        words.push_str(&rest[..start]);
        words.push(' ');
        let tag = &rest[start..];
        let hidden = ["script", "style"]
            .iter()
            .find(|name| tag.get(1..=name.len()).is_some_and(|opening| opening.eq_ignore_ascii_case(name)));
        let close = match hidden {
            Some(name) => tag.find(&format!("</{name}")).unwrap_or(0),
            None => 0,
        };
        rest = match tag[close..].find('>') {
            Some(end) => &tag[close + end + 1..],
            None => "",
        };
    }
    words.push_str(rest);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_values_vanish_in_every_spelling() {
        let redactor = Redactor::new([Secret::new("can/ary+1 x")]);
        for text in ["can/ary+1 x", "can%2Fary%2B1+x", "can%2Fary%2B1%20x"] {
            assert_eq!(redactor.text(text), MASK, "{text}");
        }
    }

    #[test]
    fn names_give_secrets_away() {
        let redactor = Redactor::default();
        let url = Url::parse("https://u:canary@h/p?name=a&X-Amz-Signature=canary&token=canary").unwrap();
        let shown = redactor.url(&url);
        assert!(!shown.contains("canary") && shown.contains("name=a"), "{shown}");
        let whole =
            redactor.excerpt(br#"{"data":{"ticket":"canary","user":"x","errors":{"password":"canary"}}}"#);
        assert!(!whole.contains("canary") && whole.contains("\"user\":\"x\""), "{whole}");
        let cut = redactor.excerpt(br#"{"data":{"CSRFPreventionToken" : "canary","ticket":"canary"#);
        assert!(!cut.contains("canary"), "{cut}");
    }

    #[test]
    fn pages_become_words() {
        let page = b"<html><style>p{color:red}</style><body><h1>Bad Gateway</h1>\n<p>nginx</p></body></html>";
        assert_eq!(Redactor::default().excerpt(page), "Bad Gateway nginx");
    }

    proptest! {
        #[test]
        fn excerpts_are_short_and_never_fail(body: Vec<u8>, prefix in "(<script|<|\\{\"a\":\")?") {
            let body = [prefix.as_bytes(), &body].concat();
            prop_assert!(Redactor::default().excerpt(&body).chars().count() <= EXCERPT + 1);
        }
    }
}

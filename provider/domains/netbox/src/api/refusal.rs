//! From a failed exchange to an [`Error`].

use std::sync::{Arc, LazyLock};

use regex::Regex;
use serde_json::Value;
use transport_rest::{Cause, RestError, StatusCode, StatusFailure, Url};

use super::error::{
    Blocked, Blocker, Call, Error, Fault, FaultKind, Forbidden, Invalid, NotTheApi, Rejected,
};
use super::faults::faults;
use super::object::Etag;
use super::permission;

const CHECK_URL: &str = "Check that url is the address of NetBox itself (without /api), that this version of \
                         NetBox has the path, and that the plugin it belongs to is installed.";
const CHECK_PROXY: &str = "Something in front of NetBox answered in its place; see whether it is reachable from \
                           there, and try again later.";
const CHECK_LOGIN: &str = "That is a login: a proxy in front of NetBox wants a session. Let it pass /api/ through, \
                           or give what it asks for in headers.";
const CHECK_HOST: &str = "Either url names another host than the server answers for (ALLOWED_HOSTS), or a proxy \
                          refused the request.";
const CHECK_ACCESS: &str = "A proxy or firewall in front of NetBox refused the request: see what it asks for; \
                            headers can carry it.";
const CHECK_MOVED: &str = "Set url to the address it points to: the scheme, host and path must be the final ones, \
                           since a redirected write would be lost.";
const CHECK_CUT: &str = "The connection may have been cut in the middle; try again, and see the logs of the proxy \
                         in front of NetBox.";
const CHECK_SERVER: &str = "The server failed; its own log tells why.";

/// Sorts a failure.
pub(super) fn read(error: RestError) -> Error {
    let call = |status: StatusCode| call(&error, status);
    match error.cause() {
        Cause::Status(failure) => stated(call(failure.status), failure),
        Cause::Redirected { status, location } => Error::NotTheApi(Arc::new(NotTheApi {
            call: call(*status),
            what: format!("a redirect to {location}"),
            content_type: String::new(),
            advice: if is_login(location) { CHECK_LOGIN } else { CHECK_MOVED },
            may_have_taken_effect: false,
        })),
        Cause::NotJson { .. } | Cause::Json { .. } => unreadable(error, StatusCode::OK),
        _ => Error::Transport(error),
    }
}

/// A success whose body cannot be read.
pub(super) fn unreadable(error: RestError, status: StatusCode) -> Error {
    let call = call(&error, status);
    let may_have_taken_effect = call.method != "GET" && call.method != "OPTIONS";
    let (what, content_type, advice) = match error.cause() {
        Cause::NotJson { content_type, excerpt } => {
            let login = is_login(excerpt);
            (page(excerpt), content_type.clone(), if login { CHECK_LOGIN } else { CHECK_URL })
        }
        Cause::Json { reason, excerpt } => {
            (format!("text that is not whole ({reason}): {}", shortened(excerpt)), String::new(), CHECK_CUT)
        }
        _ => return Error::Transport(error),
    };
    Error::NotTheApi(Arc::new(NotTheApi { call, what, content_type, advice, may_have_taken_effect }))
}

/// A failure that came with a status.
fn stated(call: Call, failure: &StatusFailure) -> Error {
    let status = failure.status.as_u16();
    let may_have_taken_effect = status >= 500 && call.method != "GET";
    let Some(body) = json(&failure.body) else {
        return Error::NotTheApi(Arc::new(foreign(call, failure, may_have_taken_effect)));
    };
    let told = |key| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let detail = told("detail").or_else(|| told("error")).unwrap_or_else(|| failure.excerpt.clone());
    match status {
        400 => invalid(call, faults(&body), detail),
        401 => Error::Unauthenticated { call, detail },
        403 if is_about_login(&detail) => Error::Unauthenticated { call, detail },
        403 => {
            let below = call.path.rsplit_once("/api/").map_or(call.path.as_str(), |(_, below)| below);
            let permission = permission::needed(&call.method, below);
            Error::Forbidden(Arc::new(Forbidden { permission, detail, call }))
        }
        404 if tells_gone(&body, failure) => Error::Gone { call, detail },
        404 => Error::NotTheApi(Arc::new(foreign(call, failure, false))),
        409 if detail.contains("dependent objects") => {
            Error::Blocked(Arc::new(Blocked { blockers: blockers(&detail), detail, call }))
        }
        409 if detail.contains("Insufficient resources") => Error::Exhausted { call, detail },
        412 => {
            let current = failure.headers.get("etag").and_then(|value| value.to_str().ok()).map(Etag::new);
            Error::Changed { call, current }
        }
        // Of two requests for one unique key, the later one fails in the database.
        500 if detail.contains("violates unique constraint") => {
            let fault = Fault { path: Vec::new(), kind: FaultKind::Duplicate, message: detail.clone() };
            invalid(call, vec![fault], detail)
        }
        _ => Error::Rejected(Arc::new(Rejected { call, detail, may_have_taken_effect })),
    }
}

fn invalid(call: Call, mut faults: Vec<Fault>, detail: String) -> Error {
    if faults.is_empty() {
        faults.push(Fault { path: Vec::new(), kind: FaultKind::Other, message: detail });
    }
    Error::Invalid(Arc::new(Invalid { call, faults }))
}

/// An answer by something else.
fn foreign(call: Call, failure: &StatusFailure, may_have_taken_effect: bool) -> NotTheApi {
    let content_type = failure.headers.get("content-type").and_then(|value| value.to_str().ok());
    let what = match title(&failure.body) {
        Some(title) => format!("a page titled {title:?}"),
        None if failure.excerpt.is_empty() => "nothing".to_owned(),
        None => page(&failure.excerpt),
    };
    let advice = match call.status {
        _ if is_login(&what) => CHECK_LOGIN,
        400 => CHECK_HOST,
        401 | 403 | 407 => CHECK_ACCESS,
        500 => CHECK_SERVER,
        501.. | 429 | 408 => CHECK_PROXY,
        _ => CHECK_URL,
    };
    let content_type = content_type.unwrap_or_default().to_owned();
    NotTheApi { call, what, content_type, advice, may_have_taken_effect }
}

/// Only NetBox itself can say that an object does not exist; a proxy that does not know the path cannot.
fn tells_gone(body: &Value, failure: &StatusFailure) -> bool {
    let detail = body.get("detail").and_then(Value::as_str);
    detail.is_some_and(|detail| {
        detail.contains("matches the given query") || failure.headers.contains_key("api-version")
    })
}

/// The two kinds of 403: who are you, and you may not.
fn is_about_login(detail: &str) -> bool {
    let detail = detail.to_ascii_lowercase();
    let login = ["token", "credentials", "authenticat", "username", "user inactive", "not active"];
    !detail.contains("permission to perform") && login.iter().any(|word| detail.contains(word))
}

fn is_login(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["login", "log in", "signin", "sign in", "sign-in", "/sso", "saml", "oauth", "openid"]
        .iter()
        .any(|word| text.contains(word))
}

/// `… objects were found: srv1 (A-1) (1), Dell R650 (2) (2)`: names may hold anything, the id comes last.
pub(super) fn blockers(detail: &str) -> Vec<Blocker> {
    static BLOCKER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(.+?) \((\d+)\)(?:, |$)").ok());
    let Some((_, list)) = detail.split_once("were found: ") else { return Vec::new() };
    let Some(pattern) = &*BLOCKER else { return Vec::new() };
    let blocker = |found: regex::Captures<'_>| {
        Some(Blocker { name: found.get(1)?.as_str().to_owned(), id: found.get(2)?.as_str().parse().ok()? })
    };
    pattern.captures_iter(list).filter_map(blocker).collect()
}

fn call(error: &RestError, status: StatusCode) -> Call {
    let path = Url::parse(error.url()).map_or_else(|_| error.url().to_owned(), |url| url.path().to_owned());
    Call { method: error.method().to_string(), path, status: status.as_u16(), tries: error.attempts() }
}

fn json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().filter(|body: &Value| body.is_object() || body.is_array())
}

fn page(excerpt: &str) -> String {
    format!("a page that begins {:?}", shortened(excerpt))
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The title of a page.
fn title(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let words = text[start..end].split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then(|| shortened(&words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blockers_may_have_any_name() {
        let read = |text: &str| -> Vec<(String, u64)> {
            blockers(text).into_iter().map(|blocker| (blocker.name, blocker.id)).collect()
        };
        let found = "Unable to delete object. 4 dependent objects were found: srv1 (A-1) (1), Dell R650 (2) (2), \
                     R1, left (1), vm1 (1)";
        let expected = [("srv1 (A-1)", 1), ("Dell R650 (2)", 2), ("R1, left", 1), ("vm1", 1)];
        assert_eq!(read(found), expected.map(|(name, id)| (name.to_owned(), id)));
        assert_eq!(read("Unable to delete object."), []);
    }

    #[test]
    fn pages_have_titles() {
        assert_eq!(title(b"<html><TITLE lang=en>\n Bad  Gateway </title>").as_deref(), Some("Bad Gateway"));
        assert_eq!(title(b"<title></title>"), None);
        assert_eq!(title("<title>ß".as_bytes()), None);
    }

    proptest! {
        #[test]
        fn odd_pages_are_harmless(body: Vec<u8>, start in "(<title>|<TITLE )?") {
            let _ = title(&[start.as_bytes(), &body].concat());
            let _ = blockers(&String::from_utf8_lossy(&body));
        }
    }
}

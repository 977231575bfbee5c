//! One request, before anything is sent.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use crate::limits::Lane;
use crate::path::Path;
use crate::upload::Upload;
use transport_base::Secret;

/// Whether sending a request twice is as good as once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// Repeating it is harmless.
    Idempotent,
    /// Repeating it may act twice.
    NotIdempotent,
}

#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Below the client's endpoints.
    Path(Path),
    /// Anywhere; sent without credentials, redirects followed.
    Url(Box<Url>),
}

#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Empty,
    Bytes { content_type: &'static str, bytes: Bytes },
    Upload(Arc<Upload>),
}

/// A request: target, body and how it may be handled.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    pub(crate) idempotency: Idempotency,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) anonymous: bool,
    pub(crate) fault: Option<String>,
    pub(crate) secrets: Vec<Secret>,
}

impl Request {
    /// A request for a path below the client's endpoints. Only GET and HEAD count as idempotent until told.
    pub fn new(method: Method, path: impl Into<Path>) -> Self {
        Self::to(method, Target::Path(path.into()))
    }

    /// A GET.
    pub fn get(path: impl Into<Path>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A POST.
    pub fn post(path: impl Into<Path>) -> Self {
        Self::new(Method::POST, path)
    }

    /// A PUT.
    pub fn put(path: impl Into<Path>) -> Self {
        Self::new(Method::PUT, path)
    }

    /// A PATCH.
    pub fn patch(path: impl Into<Path>) -> Self {
        Self::new(Method::PATCH, path)
    }

    /// A DELETE.
    pub fn delete(path: impl Into<Path>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// A GET of any URL: without the client's credentials, following redirects that do not leave TLS.
    pub fn get_url(url: Url) -> Self {
        Self { anonymous: true, ..Self::to(Method::GET, Target::Url(Box::new(url))) }
    }

    fn to(method: Method, target: Target) -> Self {
        let safe = matches!(method, Method::GET | Method::HEAD);
        Self {
            method,
            target,
            query: Vec::new(),
            headers: HeaderMap::new(),
            payload: Payload::Empty,
            idempotency: if safe { Idempotency::Idempotent } else { Idempotency::NotIdempotent },
            lanes: Vec::new(),
            timeout: None,
            anonymous: false,
            fault: None,
            secrets: Vec::new(),
        }
    }

    /// Adds a query parameter; repeated names stay repeated.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds query parameters.
    #[must_use]
    pub fn queries(mut self, form: Form) -> Self {
        self.secrets.extend(form.secrets);
        self.query.extend(form.pairs);
        self
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => {
                self.headers.insert(name, value);
            }
            Err(_) => self.fault = Some(format!("header {name} holds characters no header may carry")),
        }
        self
    }

    /// Sends a form body.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        let bytes = Bytes::from(form.encoded());
        self.secrets.extend(form.secrets);
        self.payload = Payload::Bytes { content_type: "application/x-www-form-urlencoded", bytes };
        self
    }

    /// Sends a JSON body.
    #[must_use]
    pub fn json(mut self, body: &impl serde::Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => {
                self.payload = Payload::Bytes { content_type: "application/json", bytes: bytes.into() };
            }
            Err(error) => self.fault = Some(format!("the body is not expressible as JSON: {error}")),
        }
        self
    }

    /// Sends a file as a multipart body of known length.
    #[must_use]
    pub fn upload(mut self, upload: Upload) -> Self {
        self.payload = Payload::Upload(Arc::new(upload));
        self
    }

    /// Says whether it may be repeated after an ambiguous failure.
    #[must_use]
    pub fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// May be repeated after an ambiguous failure.
    #[must_use]
    pub fn idempotent(self) -> Self {
        self.idempotency(Idempotency::Idempotent)
    }

    /// Queues in a lane.
    #[must_use]
    pub fn lane(mut self, lane: Lane) -> Self {
        self.lanes.push(lane);
        self
    }

    /// Limits one try, instead of the policy's limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sent without credentials.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Values that the answer might echo and that no error may show.
    #[must_use]
    pub fn secrets(mut self, secrets: impl IntoIterator<Item = Secret>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    pub(crate) fn writes(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD)
    }

    pub(crate) fn check(&self) -> Result<(), crate::error::Cause> {
        if let Target::Path(path) = &self.target {
            path.check()?;
        }
        match &self.fault {
            Some(fault) => Err(crate::error::Cause::Setup(fault.clone())),
            None => Ok(()),
        }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, percent-encoded, without the endpoint's own prefix.
    pub fn path_text(&self) -> &str {
        self.path()
    }

    /// The parameters as they go over the wire, without the question mark.
    pub fn query_text(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish()
    }

    pub(crate) fn path(&self) -> &str {
        match &self.target {
            Target::Path(path) => path.as_str(),
            Target::Url(url) => url.path(),
        }
    }

    /// The full URL below `base`; an absolute target ignores it.
    pub(crate) fn url(&self, base: Option<&Url>) -> Option<Url> {
        let mut url = match &self.target {
            Target::Url(url) => (**url).clone(),
            Target::Path(path) => {
                let mut url = base?.clone();
                let full = format!("{}{}", url.path().trim_end_matches('/'), path);
                url.set_path(&full);
                url
            }
        };
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Some(url)
    }
}

/// Form fields in order: booleans as 1 and 0, lists as repeated names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(String, String)>,
    secrets: Vec<Secret>,
}

impl Form {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.push((name.into(), value.into()));
        self
    }

    /// Adds a number or anything that prints as its wire form.
    #[must_use]
    pub fn number(self, name: impl Into<String>, value: impl std::fmt::Display) -> Self {
        self.text(name, value.to_string())
    }

    /// Adds a boolean as `1` or `0`.
    #[must_use]
    pub fn flag(self, name: impl Into<String>, value: bool) -> Self {
        self.text(name, if value { "1" } else { "0" })
    }

    /// Adds a text when there is one.
    #[must_use]
    pub fn maybe(self, name: impl Into<String>, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.number(name, value),
            None => self,
        }
    }

    /// Adds a boolean when there is one.
    #[must_use]
    pub fn maybe_flag(self, name: impl Into<String>, value: Option<bool>) -> Self {
        match value {
            Some(value) => self.flag(name, value),
            None => self,
        }
    }

    /// Adds each value under the same name.
    #[must_use]
    pub fn each<S: Into<String>>(mut self, name: &str, values: impl IntoIterator<Item = S>) -> Self {
        self.pairs.extend(values.into_iter().map(|value| (name.to_owned(), value.into())));
        self
    }

    /// Adds a list as one comma-separated text; an empty list adds nothing.
    #[must_use]
    pub fn list<S: AsRef<str>>(self, name: &str, values: impl IntoIterator<Item = S>) -> Self {
        let joined = values.into_iter().map(|value| value.as_ref().to_owned()).collect::<Vec<_>>().join(",");
        if joined.is_empty() { self } else { self.text(name, joined) }
    }

    /// Adds a secret, which no error will show even if the server echoes it.
    #[must_use]
    pub fn secret(mut self, name: impl Into<String>, value: &Secret) -> Self {
        self.secrets.push(value.clone());
        self.text(name, value.expose())
    }

    /// Adds all fields of another form.
    #[must_use]
    pub fn and(mut self, other: Form) -> Self {
        self.pairs.extend(other.pairs);
        self.secrets.extend(other.secrets);
        self
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The names of the fields, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| name.as_str())
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find_map(|(other, value)| (other == name).then_some(value.as_str()))
    }

    /// The wire form: `a=1&b=x+y`.
    pub fn encoded(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.pairs).finish()
    }
}

impl std::fmt::Debug for Form {
    /// Names only: values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_keep_order_repeat_lists_and_write_flags_as_digits() {
        let form = Form::new()
            .flag("onboot", true)
            .flag("kvm", false)
            .each("command", ["a b", "c&d"])
            .list("delete", ["net1", "ide2"])
            .list("empty", Vec::<String>::new())
            .maybe("cores", Some(2))
            .maybe("vcpus", None::<u32>);
        assert_eq!(form.encoded(), "onboot=1&kvm=0&command=a+b&command=c%26d&delete=net1%2Cide2&cores=2");
    }

    #[test]
    fn debug_shows_no_value() {
        let form = Form::new().text("password", "canary").secret("x", &Secret::new("canary"));
        assert!(
            !format!("{:?} {:?}", form, Request::post(["a"]).secrets([Secret::new("canary")]))
                .contains("canary")
        );
    }

    #[test]
    fn urls_join_below_a_prefix() {
        let base = Url::parse("https://h:8006/api2/json/").unwrap();
        let request = Request::get(["nodes", "a b", "x/y"]).query("q", "1 2").query("q", "&");
        assert_eq!(
            request.url(Some(&base)).unwrap().as_str(),
            "https://h:8006/api2/json/nodes/a%20b/x%2Fy?q=1+2&q=%26"
        );
    }
}

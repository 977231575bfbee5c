//! Addresses and headers.

use async_trait::async_trait;
use transport_rest::{
    Authenticate, Budget, HeaderMap, HeaderName, HeaderValue, Method, RestClient, RestError, Stamp, Url,
};

use super::settings::{Settings, SettingsError};

/// Headers that a setting cannot replace: they belong to the connection or to the client.
const OWN: &[&str] = &["host", "content-length", "content-type", "transfer-encoding", "connection", "accept"];

/// The headers of every request.
pub(super) struct Credentials(HeaderMap);

impl Credentials {
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::ACCEPT, HeaderValue::from_static("application/json"));
        // The server translates its refusals; they are read here.
        headers.insert(http::header::ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
        if let Some(branch) = settings.branch.as_ref().filter(|branch| !branch.is_empty()) {
            let value = HeaderValue::from_str(branch).map_err(|_| SettingsError::Branch(branch.clone()))?;
            headers.insert(HeaderName::from_static("x-netbox-branch"), value);
        }
        if let Some(token) = settings.token.as_ref().filter(|token| !token.is_empty()) {
            let scheme = if token.expose().starts_with("nbt_") { "Bearer" } else { "Token" };
            let value = HeaderValue::from_str(&format!("{scheme} {}", token.expose().trim()));
            let mut value = value.map_err(|_| SettingsError::Token)?;
            value.set_sensitive(true);
            headers.insert(http::header::AUTHORIZATION, value);
        }
        for (name, secret) in &settings.headers {
            let fault = |reason| SettingsError::Header { name: name.clone(), reason };
            let header =
                HeaderName::try_from(name.as_str()).map_err(|_| fault("it is not a header's name"))?;
            if OWN.contains(&header.as_str()) {
                return Err(fault("the client sets it itself"));
            }
            let value = HeaderValue::from_str(secret.expose());
            let mut value =
                value.map_err(|_| fault("its value holds characters that no header may carry"))?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        Ok(Self(headers))
    }
}

#[async_trait]
impl Authenticate for Credentials {
    async fn authorize(
        &self,
        _client: &RestClient,
        _method: &Method,
        headers: &mut HeaderMap,
        _budget: &Budget,
    ) -> Result<Stamp, RestError> {
        headers.extend(self.0.clone());
        Ok(Stamp::default())
    }
}

/// The API's address below the server's.
pub(super) fn base_url(url: &Url) -> Result<Url, SettingsError> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(SettingsError::Scheme);
    }
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !bare {
        return Err(SettingsError::Extras { host: url.host_str().unwrap_or_default().to_owned() });
    }
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/api").unwrap_or(path);
    let mut base = url.clone();
    base.set_path(&format!("{path}/api"));
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use transport_rest::Secret;

    fn settings(url: &str) -> Settings {
        Settings::new(Url::parse(url).unwrap())
    }

    #[test]
    fn the_api_is_below_the_server() {
        for (given, base) in [
            ("https://n.example", "https://n.example/api"),
            ("https://n.example/", "https://n.example/api"),
            ("https://n.example/netbox/", "https://n.example/netbox/api"),
            ("https://n.example/netbox/api/", "https://n.example/netbox/api"),
        ] {
            assert_eq!(base_url(&Url::parse(given).unwrap()).unwrap().as_str(), base);
        }
        let told = base_url(&Url::parse("https://u:canary@n.example/").unwrap()).unwrap_err().to_string();
        assert!(!told.contains("canary"), "{told}");
        assert_eq!(base_url(&Url::parse("ftp://n").unwrap()), Err(SettingsError::Scheme));
    }

    #[test]
    fn tokens_of_both_versions_have_their_scheme() {
        let header = |token: &str| {
            let settings = Settings { token: Some(Secret::new(token)), ..settings("http://n") };
            let headers = Credentials::new(&settings).unwrap().0;
            headers.get("authorization").map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(header("nbt_k.t").as_deref(), Some("Bearer nbt_k.t"));
        assert_eq!(header("0123").as_deref(), Some("Token 0123"));
        assert_eq!(header(""), None);
    }

    #[test]
    fn headers_that_cannot_be_sent_are_named_without_their_value() {
        let with = |name: &str, value: &str| {
            let mut settings = settings("http://n");
            settings.headers.insert(name.to_owned(), Secret::new(value));
            Credentials::new(&settings).map(drop).unwrap_err().to_string()
        };
        assert!(with("X-A", "canary\n").contains("X-A"));
        assert!(!with("X-A", "canary\n").contains("canary"));
        assert!(with("a b", "x").contains("not a header's name"));
        assert!(with("Host", "x").contains("itself"));
    }
}

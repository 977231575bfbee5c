//! Several addresses of one service, and which of them answers.

use std::sync::atomic::{AtomicUsize, Ordering};

use url::Url;

/// An address that cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum EndpointError {
    /// No address at all.
    #[error("no endpoint is given")]
    None,
    /// Not a URL.
    #[error("endpoint {text:?} is not a URL: {reason}")]
    Syntax {
        /// What was given.
        text: String,
        /// What the parser says.
        reason: String,
    },
    /// Neither http nor https, or no host.
    #[error("endpoint {0:?} must be an http or https URL with a host")]
    Scheme(String),
    /// Credentials or a query belong elsewhere.
    #[error("endpoint of host {0:?} must carry no user, password, query or fragment")]
    Extras(String),
}

/// Parses base URLs, one service's addresses in order of preference.
///
/// # Errors
/// [`EndpointError`] naming the address that cannot be used.
pub fn parse_endpoints<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Result<Vec<Url>, EndpointError> {
    let urls: Vec<Url> = texts.into_iter().map(|text| parse(text.as_ref())).collect::<Result<_, _>>()?;
    if urls.is_empty() { Err(EndpointError::None) } else { Ok(urls) }
}

fn parse(text: &str) -> Result<Url, EndpointError> {
    let url = Url::parse(text.trim())
        .map_err(|error| EndpointError::Syntax { text: text.to_owned(), reason: error.to_string() })?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(EndpointError::Scheme(text.to_owned()));
    }
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if bare { Ok(url) } else { Err(EndpointError::Extras(url.host_str().unwrap_or_default().to_owned())) }
}

/// The addresses and the one that answered last: requests stay with it until it cannot be reached.
#[derive(Debug)]
pub(crate) struct Endpoints {
    urls: Vec<Url>,
    current: AtomicUsize,
}

impl Endpoints {
    pub(crate) fn new(urls: Vec<Url>) -> Self {
        Self { urls, current: AtomicUsize::new(0) }
    }

    /// Every address once, beginning with the last good one.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (usize, &Url)> {
        let start = self.current.load(Ordering::Relaxed);
        let count = self.urls.len();
        (0..count).map(move |step| {
            let index = (start + step) % count;
            (index, &self.urls[index])
        })
    }

    pub(crate) fn answered(&self, index: usize) {
        self.current.store(index, Ordering::Relaxed);
    }

    pub(crate) fn current(&self) -> Option<&Url> {
        self.urls.get(self.current.load(Ordering::Relaxed))
    }

    pub(crate) fn are_loopback(&self) -> bool {
        let loopback = |url: &Url| match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        !self.urls.is_empty() && self.urls.iter().all(loopback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_addresses_are_named() {
        assert_eq!(parse_endpoints(Vec::<String>::new()), Err(EndpointError::None));
        assert!(matches!(parse_endpoints(["pve1:8006"]), Err(EndpointError::Scheme(_))));
        assert!(matches!(parse_endpoints(["not a url"]), Err(EndpointError::Syntax { .. })));
        let extras = parse_endpoints(["https://root:canary@pve1:8006"]).unwrap_err();
        assert!(!extras.to_string().contains("canary"), "{extras}");
    }

    #[test]
    fn the_last_good_address_comes_first() {
        let endpoints = Endpoints::new(parse_endpoints(["http://a", "http://b", "http://c"]).unwrap());
        endpoints.answered(1);
        let order: Vec<usize> = endpoints.in_order().map(|(index, _)| index).collect();
        assert_eq!(order, [1, 2, 0]);
    }
}

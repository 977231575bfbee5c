//! Credentials: added to each request, renewed when the server refuses them.

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, Method};

use crate::client::RestClient;
use crate::error::RestError;
use transport_base::Budget;
use transport_base::Secret;

/// Which issue of a credential a request carried, so that many refusals cause one renewal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub u64);

/// How a client proves who it is.
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// Adds credentials to a request, logging in first where that is due. Requests sent through `client` for
    /// that purpose must be marked [`crate::Request::anonymous`].
    ///
    /// # Errors
    /// The error of the login.
    async fn authorize(
        &self,
        client: &RestClient,
        method: &Method,
        headers: &mut HeaderMap,
        budget: &Budget,
    ) -> Result<Stamp, RestError>;

    /// Called when a request with credential `refused` got 401. `true` when there is a newer credential worth
    /// one more try.
    ///
    /// # Errors
    /// The error of the renewal.
    async fn renew(&self, client: &RestClient, refused: Stamp, budget: &Budget) -> Result<bool, RestError> {
        let _ = (client, refused, budget);
        Ok(false)
    }
}

/// A fixed `Authorization` header.
#[derive(Clone, Debug)]
pub struct Bearer(HeaderValue);

impl Bearer {
    /// The header's whole value, such as `Token abc`; `None` when it holds characters no header may carry.
    pub fn new(value: &Secret) -> Option<Self> {
        let mut value = HeaderValue::from_str(value.expose()).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }
}

#[async_trait]
impl Authenticate for Bearer {
    async fn authorize(
        &self,
        _client: &RestClient,
        _method: &Method,
        headers: &mut HeaderMap,
        _budget: &Budget,
    ) -> Result<Stamp, RestError> {
        headers.insert(http::header::AUTHORIZATION, self.0.clone());
        Ok(Stamp::default())
    }
}

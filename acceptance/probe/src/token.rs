//! An ephemeral value that tells when it was opened, renewed and closed.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tf_framework::{
    Computed, EphemeralContext, EphemeralResource, Model, Opened, Renewed, Result, Sensitive,
};

use crate::journal::record;

/// A token that lives for one run.
#[derive(Clone, Model)]
pub(crate) struct Token {
    /// What the token is made from.
    seed: String,
    /// Milliseconds until it is renewed; never where it is not set.
    renew_after: Option<u64>,
    /// File that records what happens.
    journal: Option<String>,
    /// The token.
    #[attr(sensitive)]
    token: Computed<Sensitive<String>>,
}

/// What renewing and closing need to know.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Lease {
    journal: Option<String>,
    renew_after: Option<u64>,
}

impl Lease {
    fn renew_at(&self) -> Option<SystemTime> {
        self.renew_after.map(|millis| SystemTime::now() + Duration::from_millis(millis))
    }
}

impl EphemeralResource for Token {
    const NAME: &'static str = "token";
    const SUBCATEGORY: &'static str = "Test";
    type Client = ();
    type Private = Lease;

    async fn open(_: &mut EphemeralContext<Self>, config: Self) -> Result<Opened<Self, Lease>> {
        record(config.journal.as_deref(), "opened")?;
        let lease = Lease { journal: config.journal.clone(), renew_after: config.renew_after };
        let token = Sensitive::new(format!("token-of-{}", config.seed));
        let value = Self { token: token.into(), ..config };
        Ok(Opened { value, renew_at: lease.renew_at(), private: lease })
    }

    async fn renew(_: &mut EphemeralContext<Self>, lease: Lease) -> Result<Renewed<Lease>> {
        record(lease.journal.as_deref(), "renewed")?;
        Ok(Renewed { renew_at: lease.renew_at(), private: lease })
    }

    async fn close(_: &mut EphemeralContext<Self>, lease: Lease) -> Result<()> {
        record(lease.journal.as_deref(), "closed")
    }
}

//! `hybridops_proxmox_user_token`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tf_framework::{
    Computed, Diagnostic, Diagnostics, EphemeralContext, EphemeralResource, Field, GoDuration, Model, Opened,
    Renewed, Result, Sensitive,
};
use tf_value::Path;
use transport_rest::{Budget, Secret};

use crate::api::{ApiError, Kind, NewToken, TokenRole};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::functions::timestamp;
use crate::images::answer_budget;

/// How long a token lives where it is not said.
const USUAL: Duration = Duration::from_secs(60 * 60);
/// A shorter life would end before the run could prolong it.
const SHORTEST: Duration = Duration::from_secs(60);
/// A token that is about to expire is prolonged this long before, or at half of its life.
const MARGIN: Duration = Duration::from_secs(5 * 60);
/// How the comment of every token made here begins, by which those that killed runs left are found.
const MARK: &str = "hybridops: for one run";
/// Names that are tried.
const TRIES: u32 = 4;

/// An API token of Proxmox VE that lives for one run: it is made when the run needs it, prolonged while the run goes on,
/// and deleted when it ends. It is in no plan, no state and no log.
///
/// A run that is killed leaves a token that expires by itself; the next run of the same user deletes it. With
/// `privilege_separation`, which is on unless you switch it off, the token may do what `acl` grants and nothing else, and
/// never more than its user.
///
/// The provider's own account must be allowed to make the token: `User.Modify` on `/access/groups` or on the user's
/// group (an API token needs it even for tokens of its own user), and `Permissions.Modify` on every path of `acl`.
#[derive(Debug, Clone, Model)]
pub struct UserToken {
    /// Whose token it is, with the realm: `ci@pve`. The provider's own user where it is not set.
    #[attr(validate(matches(
        r"^[^\s:/!]+@[A-Za-z][A-Za-z0-9._-]+$",
        "a user with a realm, such as `ci@pve`"
    )))]
    pub user: Option<String>,
    /// Name of the token among those of its user; a new one for every run where it is not set. A fixed name allows one
    /// run at a time.
    #[attr(validate(matches(
        r"^[A-Za-z][A-Za-z0-9._-]+$",
        "a letter, then letters, digits, `.`, `_` and `-`"
    )))]
    pub token_name: Option<String>,
    /// How long the token lives at most unless it is prolonged, `15m` for example and not less than a minute; an hour
    /// where it is not set.
    pub expires_in: Option<GoDuration>,
    /// Whether the token has only the permissions of `acl`. It has, unless this is `false`: then it may do whatever its
    /// user may.
    pub privilege_separation: Option<bool>,
    /// What the token may do, for its life.
    pub acl: Option<BTreeSet<TokenGrant>>,
    /// What the token is for; shown beside it in Proxmox VE.
    #[attr(validate(length(..=200)))]
    pub comment: Option<String>,
    /// The token's name with its user: `ci@pve!hybridops-0123456789ab`. Not a secret.
    pub token_id: Computed<String>,
    /// When it expires unless it is prolonged.
    pub expires: Computed<String>,
    /// The token's secret.
    #[attr(sensitive)]
    pub secret: Computed<Sensitive<String>>,
    /// The token as providers and `pvesh` clients take it: `user@realm!name=secret`.
    #[attr(sensitive)]
    pub api_token: Computed<Sensitive<String>>,
}

/// A role on a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Model)]
pub struct TokenGrant {
    /// The path: `/vms/101`, `/storage/local`, `/pool/ci`, `/`.
    #[attr(validate(matches("^/.*$", "a path that begins with `/`")))]
    pub path: String,
    /// The role: `PVEVMUser` for example.
    #[attr(validate(length(1..)))]
    pub role: String,
    /// Whether it holds below the path, too. It does unless this is `false`.
    pub propagate: Option<bool>,
}

/// What prolonging and deleting need to know. Terraform keeps it in its memory for the run.
#[derive(Default, Serialize, Deserialize)]
pub struct Lease {
    user: String,
    name: String,
    life: Duration,
    grants: Vec<TokenGrant>,
}

impl Lease {
    fn id(&self) -> String {
        format!("{}!{}", self.user, self.name)
    }
}

impl EphemeralResource for UserToken {
    const NAME: &'static str = "proxmox_user_token";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;
    type Private = Lease;

    fn validate(config: &UserTokenPartial, diagnostics: &mut Diagnostics) {
        let at = |name: &str| Path::root().attribute(name);
        if let Field::Known(life) = &config.expires_in
            && life.length() < SHORTEST
        {
            let detail = "Set a minute or more: a run prolongs the token as long as it goes on.";
            diagnostics
                .push(Diagnostic::error("The token would expire too soon", detail).at(at("expires_in")));
        }
        let separated = !matches!(config.privilege_separation, Field::Known(false));
        if !separated && !config.acl.is_null() {
            let detail = "Without privilege separation the token may do whatever its user may; `acl` has no effect then.";
            diagnostics.push(Diagnostic::error("acl cannot be set", detail).at(at("acl")));
        }
        if separated && config.acl.is_null() {
            let detail = "Set `acl`, or `privilege_separation = false` for the permissions of its user. Roles granted to a \
                          token of a fixed `token_name` elsewhere go when the token is deleted.";
            diagnostics.push(Diagnostic::warning("The token may do nothing", detail));
        }
    }

    async fn open(cx: &mut EphemeralContext<Self>, config: Self) -> Result<Opened<Self, Lease>> {
        let px = cx.client()?;
        let budget = budget(cx);
        let user = config.user.clone().unwrap_or_else(|| px.api.principal().user().to_owned());
        sweep(&px, &user, &budget).await;
        let life = config.expires_in.as_ref().map_or(USUAL, GoDuration::length);
        let (lease, secret) = make(&px, &config, user, life).await?;
        if let Err(errors) = grant(&px, &lease, &budget).await {
            give_up(&px, &lease).await;
            return Err(errors);
        }
        if cx.cancellation().is_cancelled() {
            give_up(&px, &lease).await;
            return Err(Diagnostics::error("Making the token was interrupted", "It was deleted again."));
        }
        let id = lease.id();
        let value = Self {
            expires: timestamp(expiry(life)).unwrap_or_default().into(),
            api_token: Sensitive::new(format!("{id}={}", secret.expose())).into(),
            secret: Sensitive::new(secret.expose().to_owned()).into(),
            token_id: id.into(),
            ..config
        };
        Ok(Opened { value, renew_at: Some(SystemTime::now() + wait(life)), private: lease })
    }

    async fn renew(cx: &mut EphemeralContext<Self>, lease: Lease) -> Result<Renewed<Lease>> {
        let px = cx.client()?;
        let extended = px.api.extend_token(&lease.user, &lease.name, expiry(lease.life), &budget(cx)).await;
        if let Err(error) = extended {
            cx.warn(Diagnostic::warning(
                format!("Token {} cannot be prolonged", lease.id()),
                format!("It expires as it was made: {error}. Set a longer `expires_in`."),
            ));
            return Ok(Renewed { renew_at: None, private: lease });
        }
        Ok(Renewed { renew_at: Some(SystemTime::now() + wait(lease.life)), private: lease })
    }

    async fn close(cx: &mut EphemeralContext<Self>, lease: Lease) -> Result<()> {
        let px = cx.client()?;
        if let Err(error) = delete(&px, &lease, &budget(cx)).await {
            cx.warn(Diagnostic::warning(
                format!("Token {} could not be deleted", lease.id()),
                format!("It stays until it expires, and the next run of the same user deletes it: {error}."),
            ));
        }
        Ok(())
    }
}

/// Makes the token under the name that is wanted, or under one that is free.
async fn make(px: &Proxmox, config: &UserToken, user: String, life: Duration) -> Result<(Lease, Secret)> {
    let what = format!("Making a token of {user} failed");
    let comment = match config.comment.as_deref() {
        Some(comment) => format!("{MARK}; {comment}"),
        None => MARK.to_owned(),
    };
    let grants: Vec<TokenGrant> = config.acl.iter().flatten().cloned().collect();
    let mut last = None;
    for _ in 0..TRIES {
        let name = config.token_name.clone().unwrap_or_else(new_name);
        let token = NewToken {
            user: user.clone(),
            name: name.clone(),
            privsep: config.privilege_separation.unwrap_or(true),
            expire: expiry(life),
            comment: comment.clone(),
        };
        let lease = Lease { user: user.clone(), name, life, grants: grants.clone() };
        // The answer is waited for even when the run is interrupted: it holds the only copy of the secret.
        match px.api.create_token(&token, &answer_budget()).await {
            Ok(secret) => return Ok((lease, secret)),
            Err(error) if error.is(Kind::AlreadyExists) && config.token_name.is_none() => last = Some(error),
            Err(error) => {
                // It may have been made, with a secret that nobody knows.
                if error.may_have_taken_effect() && config.token_name.is_none() {
                    give_up(px, &lease).await;
                }
                return Err(named(config, failure(what, &error), &error));
            }
        }
    }
    let last = last.unwrap_or_else(|| ApiError::Argument("no free name was found".to_owned()));
    Err(failure(what, &last))
}

fn named(config: &UserToken, mut errors: Diagnostics, error: &ApiError) -> Diagnostics {
    if error.is(Kind::AlreadyExists) && config.token_name.is_some() {
        errors.push(Diagnostic::warning(
            "Another run may use the token",
            "A token of this name exists. Leave `token_name` out so that every run makes one of its own, or wait for the \
             other run's end. A token that a killed run left is deleted once it has expired.",
        ));
        return errors.at(&Path::root().attribute("token_name"));
    }
    errors
}

async fn grant(px: &Proxmox, lease: &Lease, budget: &Budget) -> Result<()> {
    let token = lease.id();
    for grant in &lease.grants {
        if let Err(error) = px.api.grant_token(&role(&token, grant), budget).await {
            let what = format!("Granting {} on {} to the token failed", grant.role, grant.path);
            return Err(failure(what, &error).at(&Path::root().attribute("acl")));
        }
    }
    Ok(())
}

fn role<'a>(token: &'a str, grant: &'a TokenGrant) -> TokenRole<'a> {
    TokenRole { token, path: &grant.path, role: &grant.role, propagate: grant.propagate.unwrap_or(true) }
}

/// Takes the token's roles away, then the token: older versions keep the roles of a token that is gone.
async fn delete(px: &Proxmox, lease: &Lease, budget: &Budget) -> Result<(), ApiError> {
    let token = lease.id();
    for grant in &lease.grants {
        if let Err(error) = px.api.revoke_token(&role(&token, grant), budget).await {
            tracing::debug!(%token, path = grant.path, %error, "a role could not be taken away");
        }
    }
    px.api.delete_token(&lease.user, &lease.name, budget).await
}

async fn give_up(px: &Proxmox, lease: &Lease) {
    if let Err(error) = delete(px, lease, &answer_budget()).await {
        tracing::warn!(token = lease.id(), %error, "a token could not be deleted; it expires by itself");
    }
}

/// Deletes tokens that killed runs left and that have expired since. That this fails is no reason not to go on.
async fn sweep(px: &Proxmox, user: &str, budget: &Budget) {
    let tokens = match px.api.tokens(user, budget).await {
        Ok(tokens) => tokens,
        Err(error) => {
            tracing::debug!(user, %error, "the user's tokens cannot be listed");
            return;
        }
    };
    let now = since_epoch();
    let left = |token: &crate::api::TokenEntry| {
        token.comment.starts_with(MARK) && token.expire != 0 && token.expire < now
    };
    for token in tokens.into_iter().filter(left) {
        if let Err(error) = px.api.delete_token(user, &token.tokenid, budget).await {
            tracing::debug!(user, token = token.tokenid, %error, "an expired token could not be deleted");
        }
    }
}

/// A name no other run takes. It is no secret.
fn new_name() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let seed = format!("{nanos}/{}/{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let letters: String = Sha256::digest(seed).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("hybridops-{letters}")
}

fn since_epoch() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn expiry(life: Duration) -> u64 {
    since_epoch() + life.as_secs()
}

fn wait(life: Duration) -> Duration {
    life.saturating_sub(MARGIN).max(life / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_the_secret() {
        let token = UserToken {
            user: None,
            token_name: None,
            expires_in: None,
            privilege_separation: None,
            acl: None,
            comment: None,
            token_id: Computed::Unknown,
            expires: Computed::Unknown,
            secret: Sensitive::new("canary".to_owned()).into(),
            api_token: Sensitive::new("root@pam!x=canary".to_owned()).into(),
        };
        assert!(!format!("{token:?}").contains("canary"));
    }

    #[test]
    fn names_are_new_and_fit() {
        let (one, other) = (new_name(), new_name());
        assert_ne!(one, other);
        assert!(one.len() == 22 && one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    }

    #[test]
    fn a_token_is_prolonged_before_it_expires() {
        assert_eq!(wait(Duration::from_secs(3600)), Duration::from_secs(3300));
        assert_eq!(wait(Duration::from_secs(60)), Duration::from_secs(30));
    }
}

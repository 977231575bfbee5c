//! Logging in: tickets, CSRF tokens, and who a request comes from.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use http::{HeaderMap, Method, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha512};

use crate::pve::access::{Principal, hash_password};
use crate::pve::call::Call;
use crate::pve::cluster::{Cluster, State};
use crate::pve::reply::{Answer, Outcome, Refusal};

/// Seconds a ticket is good for.
const LIFETIME: u64 = 7200;

/// Areas of the `cap` member: (name, path, first parts of privileges).
const CAPABILITIES: &[(&str, &str, &[&str])] = &[
    ("access", "/access", &["User.", "Group."]),
    ("dc", "/", &["Sys.Audit", "Sys.Modify", "SDN."]),
    ("mapping", "/mapping", &["Mapping."]),
    ("nodes", "/nodes", &["Sys."]),
    ("sdn", "/sdn", &["SDN."]),
    ("storage", "/storage", &["Datastore."]),
    ("vms", "/vms", &["VM."]),
];

fn sign(cluster: &Cluster, text: &str) -> Vec<u8> {
    // Not a signature anyone should trust; it only has to differ for different texts and runs.
    let secret = format!("{:p}:{text}", std::ptr::from_ref(cluster));
    Sha512::digest(secret.as_bytes()).to_vec()
}

fn ticket(cluster: &Cluster, user: &str, time: u64) -> String {
    let plain = format!("PVE:{user}:{time:08X}");
    format!("{plain}::{}", STANDARD.encode(sign(cluster, &plain)))
}

fn csrf(cluster: &Cluster, user: &str, time: u64) -> String {
    let stamp = format!("{time:08X}");
    let digest = sign(cluster, &format!("{stamp}:{user}"));
    format!("{stamp}:{}", STANDARD_NO_PAD.encode(&digest[..32]))
}

/// The user of a ticket that is whole and still good.
fn verify(cluster: &Cluster, text: &str) -> Option<String> {
    let (plain, _) = text.split_once("::")?;
    let mut parts = plain.splitn(3, ':');
    let ("PVE", user, stamp) = (parts.next()?, parts.next()?, parts.next()?) else { return None };
    let time = u64::from_str_radix(stamp, 16).ok()?;
    let age = cluster.now().checked_sub(time)?;
    (age < LIFETIME && ticket(cluster, user, time) == text).then(|| user.to_owned())
}

fn active(state: &State, user: &str, now: u64) -> bool {
    state.access.users.get(user).is_some_and(|u| u.enable && (u.expire == 0 || u.expire > now))
}

/// Who sends a request.
///
/// # Errors
/// 401 with the reason in the status line.
pub(crate) fn authenticate(cluster: &Cluster, headers: &HeaderMap, method: &Method) -> Outcome<Principal> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let failed = || Refusal::unauthorised("Authentication failed!");
    if let Some(token) = text(header::AUTHORIZATION.as_str()).and_then(|v| v.strip_prefix("PVEAPIToken=")) {
        return by_token(cluster, token).ok_or_else(failed);
    }
    let cookie = text(header::COOKIE.as_str())
        .and_then(|c| c.split("; ").find_map(|part| part.strip_prefix("PVEAuthCookie=")))
        .map(|c| percent_decode_str(c).decode_utf8_lossy().into_owned());
    let Some(cookie) = cookie else { return Err(Refusal::unauthorised("No ticket")) };
    let user =
        verify(cluster, &cookie).filter(|u| active(&cluster.state(), u, cluster.now())).ok_or_else(failed)?;
    if method != Method::GET {
        let given = text("csrfpreventiontoken").unwrap_or_default();
        let good = given
            .split_once(':')
            .and_then(|(stamp, _)| u64::from_str_radix(stamp, 16).ok())
            .is_some_and(|time| csrf(cluster, &user, time) == given);
        if !good {
            return Err(Refusal::unauthorised("Permission denied - invalid csrf token"));
        }
    }
    Ok(Principal { user, ..Principal::default() })
}

fn by_token(cluster: &Cluster, text: &str) -> Option<Principal> {
    let (full, secret) = text.split_once('=')?;
    let (user, id) = full.split_once('!')?;
    let now = cluster.now();
    let state = cluster.state();
    if !active(&state, user, now) {
        return None;
    }
    let token = state.access.users.get(user)?.tokens.get(id)?;
    (token.secret == secret && (token.expire == 0 || token.expire > now)).then(|| Principal {
        user: user.to_owned(),
        token: Some(id.to_owned()),
        privsep: token.privsep,
    })
}

pub(super) fn none(_: &Call) -> Outcome {
    Ok(Answer::null())
}

/// Login with a password, or renewal with the old ticket as password.
pub(super) fn create(call: &Call) -> Outcome {
    let mut user = call.params.need("username")?.to_owned();
    if let Some(realm) = call.params.str("realm") {
        user = format!("{user}@{realm}");
    }
    let password = call.params.need("password")?;
    let renewed = verify(&call.cluster, password).is_some_and(|owner| owner == user);
    let hashed = hash_password(password);
    let now = call.cluster.now();
    let state = call.cluster.state();
    let known = state.access.users.get(&user).and_then(|u| u.password).is_some_and(|p| p == hashed);
    if !(known || renewed) || !active(&state, &user, now) {
        return Err(Refusal::login_failed());
    }
    let principal = Principal { user: user.clone(), ..Principal::default() };
    let cap = capabilities(&state, &principal);
    drop(state);
    Ok(json!({
        "username": user, "cap": cap,
        "ticket": ticket(&call.cluster, &user, now),
        "CSRFPreventionToken": csrf(&call.cluster, &user, now),
    })
    .into())
}

fn capabilities(state: &State, principal: &Principal) -> Value {
    let mut areas = Map::new();
    for (area, path, wanted) in CAPABILITIES {
        let held = state.access.privileges(principal, path, &state.pools);
        let own: Map<String, Value> = held
            .keys()
            .filter(|p| {
                wanted.iter().any(|w| p.starts_with(w)) || (*p == "Permissions.Modify" && *area != "dc")
            })
            .map(|p| (p.clone(), json!(1)))
            .collect();
        areas.insert((*area).to_owned(), Value::Object(own));
    }
    Value::Object(areas)
}

pub(super) fn change_password(call: &Call) -> Outcome {
    if call.principal.token.is_some() {
        return Err(Refusal::forbidden(
            "URI '/access/password' not available with API token, need proper ticket.\n",
        ));
    }
    let user = call.params.need("userid")?.to_owned();
    let password = hash_password(call.params.need("password")?);
    match call.cluster.state().access.users.get_mut(&user) {
        Some(found) => found.password = Some(password),
        None => return Err(Refusal::died(format!("no such user ('{user}')"))),
    }
    Ok(Answer::null())
}

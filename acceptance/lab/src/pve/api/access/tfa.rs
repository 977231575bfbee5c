//! Second factors: read only, as nobody here has one.

use serde_json::{Value, json};

use super::users::no_such_user;
use crate::pve::call::Call;
use crate::pve::reply::{Outcome, Refusal};

pub(super) fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let all = state.may(&call.principal, "/access/groups", "User.Modify")
        || state.may(&call.principal, "/access/groups", "Sys.Audit");
    let users = state.access.users.keys().filter(|user| all || **user == call.principal.user);
    Ok(users.map(|user| json!({ "userid": user, "entries": [] })).collect::<Value>().into())
}

fn known(call: &Call) -> Outcome<String> {
    let user = call.params.need("userid")?;
    match call.cluster.state().access.users.contains_key(user) {
        true => Ok(user.to_owned()),
        false => Err(no_such_user(user)),
    }
}

pub(super) fn of_user(call: &Call) -> Outcome {
    known(call)?;
    Ok(json!([]).into())
}

pub(super) fn entry(call: &Call) -> Outcome {
    let user = known(call)?;
    Err(Refusal::died(format!("no such tfa entry '{}' for user '{user}'", call.params.need("id")?))
        .with_status(404))
}

/// Which kinds of factors a user has.
pub(super) fn kinds(call: &Call) -> Outcome {
    let user = known(call)?;
    let realm = user.rsplit_once('@').map(|(_, realm)| realm);
    Ok(json!({ "user": user, "realm": realm, "types": [] }).into())
}

//! `/access/users/{userid}/token`.

use serde_json::{Value, json};

use super::users::no_such_user;
use crate::pve::access::Token;
use crate::pve::call::Call;
use crate::pve::guest::random_uuid;
use crate::pve::reply::{Answer, Outcome, Refusal};

fn shown(token: &Token) -> Value {
    let mut item = json!({ "expire": token.expire, "privsep": u8::from(token.privsep) });
    if !token.comment.is_empty() {
        item["comment"] = json!(token.comment);
    }
    item
}

fn with<T>(call: &Call, work: impl FnOnce(&mut Token) -> T) -> Outcome<T> {
    let (user, id) = (call.params.need("userid")?, call.params.need("tokenid")?);
    let mut state = call.cluster.state();
    let token = state.access.users.get_mut(user).ok_or_else(|| no_such_user(user))?.tokens.get_mut(id);
    token.map(work).ok_or_else(|| Refusal::died(format!("no such token '{id}' for user '{user}'")))
}

pub(super) fn list(call: &Call) -> Outcome {
    let user = call.params.need("userid")?;
    let state = call.cluster.state();
    let found = state.access.users.get(user).ok_or_else(|| no_such_user(user))?;
    let tokens: Vec<Value> = found
        .tokens
        .iter()
        .map(|(id, token)| {
            let mut item = shown(token);
            item["tokenid"] = json!(id);
            item
        })
        .collect();
    Ok(Value::from(tokens).into())
}

pub(super) fn read(call: &Call) -> Outcome {
    with(call, |token| shown(token).into())
}

pub(super) fn create(call: &Call) -> Outcome {
    let (user, id) = (call.params.need("userid")?, call.params.need("tokenid")?);
    let mut state = call.cluster.state();
    let found = state.access.users.get_mut(user).ok_or_else(|| no_such_user(user))?;
    if found.tokens.contains_key(id) {
        return Err(Refusal::param("tokenid", "Token already exists."));
    }
    let token = Token {
        secret: random_uuid(),
        privsep: call.params.flag_or("privsep", true),
        expire: call.params.number("expire").unwrap_or_default(),
        comment: call.params.str("comment").unwrap_or_default().to_owned(),
    };
    // What came as text goes back as text.
    let mut info = json!({ "privsep": 1 });
    for key in ["privsep", "expire", "comment"] {
        if let Some(text) = call.params.str(key) {
            info[key] = json!(text);
        }
    }
    let answer = json!({ "full-tokenid": format!("{user}!{id}"), "value": token.secret, "info": info });
    found.tokens.insert(id.to_owned(), token);
    Ok(answer.into())
}

pub(super) fn update(call: &Call) -> Outcome {
    with(call, |token| {
        token.privsep = call.params.flag_or("privsep", token.privsep);
        token.expire = call.params.number("expire").unwrap_or(token.expire);
        if let Some(comment) = call.params.str("comment") {
            token.comment = comment.to_owned();
        }
        shown(token).into()
    })
}

pub(super) fn delete(call: &Call) -> Outcome {
    with(call, |_| ())?;
    let (user, id) = (call.params.need("userid")?, call.params.need("tokenid")?);
    let mut state = call.cluster.state();
    if let Some(found) = state.access.users.get_mut(user) {
        found.tokens.remove(id);
    }
    let full = format!("{user}!{id}");
    state.access.acl.retain(|e| e.subject != full);
    Ok(Answer::null())
}

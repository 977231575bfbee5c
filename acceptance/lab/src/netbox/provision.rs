//! The endpoint that makes a token for a user and password.

use serde_json::{Value, json};

use super::access::{self, Grant};
use super::bodies::object_of;
use super::dispatch::{Answer, Handler, Request};
use super::refusal::Refusal;
use super::render::Render;
use super::store::Object;

impl Handler<'_> {
    /// Makes a token for a user and password.
    pub(super) fn provision(&mut self, request: &Request) -> Result<Answer, Refusal> {
        if request.method != "POST" {
            return Err(Refusal::not_allowed(&request.method));
        }
        let body = request.body.clone()?.unwrap_or_default();
        let sent = object_of(&body)?;
        let text = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or_default();
        let table = std::sync::Arc::clone(&self.store.table);
        let (Some(users), Some(tokens)) = (table.by_path("users/users"), table.by_path("users/tokens"))
        else {
            return Err(Refusal::gone("User"));
        };
        let fits = |o: &&std::sync::Arc<Object>| {
            o.text("username") == text("username")
                && !text("password").is_empty()
                && o.text("_password") == text("password")
        };
        let user = self.store.all(users).find(fits).cloned();
        let user = user.ok_or_else(|| Refusal::detail(403, "Invalid username/password"))?;
        let mut wanted = sent.clone();
        wanted.retain(|name, _| name != "username" && name != "password");
        wanted.insert("user".to_owned(), json!(user.id));
        let who = access::of_user(&user, true);
        let id = self.writer(request, who).create(tokens, &Value::Object(wanted), &Grant::all())?;
        let mut answer: Value =
            serde_json::from_str(&self.render_one(tokens, id, &Vec::new(), true)?.0).unwrap_or_default();
        answer["user"] = serde_json::from_str(&Render::new(self.store, self.base).nested(
            users,
            user.id,
            Some("BriefUser"),
        ))
        .unwrap_or_default();
        if let Some(map) = answer.as_object_mut() {
            map.remove("pepper_id");
        }
        self.hide_secret(tokens, id);
        Ok(Answer {
            status: 201,
            body: Some(answer.to_string()),
            who: user.text("username").to_owned(),
            ..Answer::default()
        })
    }
}

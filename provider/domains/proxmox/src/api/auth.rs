//! Logging in: a fixed token header, or a ticket that is renewed before it ends.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::Deserialize;
use tokio::sync::Mutex;

use transport_rest::{
    Authenticate, Budget, Class, Form, HeaderMap, HeaderName, HeaderValue, Method, Request, RestClient,
    RestError, Secret, Stamp,
};

use super::codec::lenient;

/// Tickets live two hours; a fresh one is fetched when this much is gone.
const RENEW_AFTER: Duration = Duration::from_secs(90 * 60);
const CSRF: HeaderName = HeaderName::from_static("csrfpreventiontoken");

/// A password login.
pub(crate) struct TicketLogin {
    username: String,
    password: Secret,
    otp: Option<Secret>,
    /// The age at which a ticket is replaced.
    renew_after: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ticket: Option<Ticket>,
    issue: u64,
}

struct Ticket {
    cookie: HeaderValue,
    csrf: HeaderValue,
    raw: Secret,
    since: Instant,
}

#[derive(Deserialize)]
struct Envelope {
    data: Wire,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    ticket: String,
    #[serde(default, rename = "CSRFPreventionToken")]
    csrf: String,
    #[serde(default, rename = "NeedTFA", deserialize_with = "lenient::flag")]
    second_factor: bool,
}

impl TicketLogin {
    pub(crate) fn new(username: String, password: Secret, otp: Option<Secret>) -> Self {
        Self { username, password, otp, renew_after: RENEW_AFTER, state: Mutex::default() }
    }

    async fn log_in(&self, client: &RestClient, budget: &Budget) -> Result<Ticket, RestError> {
        let answer = self.ask(client, &self.password, None, budget).await?;
        if !answer.second_factor {
            return answer.ticket(client);
        }
        let Some(otp) = &self.otp else {
            return Err(
                client.login_error("the account asks for a second factor; set otp, or use an API token")
            );
        };
        let challenge = Secret::new(answer.ticket);
        let answer = Secret::new(format!("totp:{}", otp.expose()));
        self.ask(client, &answer, Some(&challenge), budget).await?.ticket(client)
    }

    /// A ticket serves as password for the next one, also where a second factor was needed for the first.
    async fn prolong(&self, client: &RestClient, old: &Ticket, budget: &Budget) -> Result<Ticket, RestError> {
        match self.ask(client, &old.raw, None, budget).await.and_then(|answer| answer.ticket(client)) {
            Err(error) if error.class() == Class::UNAUTHORIZED => self.log_in(client, budget).await,
            outcome => outcome,
        }
    }

    async fn ask(
        &self,
        client: &RestClient,
        password: &Secret,
        challenge: Option<&Secret>,
        budget: &Budget,
    ) -> Result<Wire, RestError> {
        let mut form = Form::new().text("username", &self.username).secret("password", password);
        if let Some(challenge) = challenge {
            form = form.secret("tfa-challenge", challenge);
        }
        // A repeated login changes nothing; a one-time code does not survive repetition.
        let request = Request::post(["access", "ticket"]).form(form).anonymous();
        let request = if challenge.is_none() { request.idempotent() } else { request };
        let response = client.send(request, budget).await?;
        Ok(response.json::<Envelope>()?.data)
    }
}

impl Wire {
    fn ticket(self, client: &RestClient) -> Result<Ticket, RestError> {
        let unusable = || client.login_error("the server's answer to the login holds no usable ticket");
        if self.ticket.is_empty() || self.csrf.is_empty() {
            return Err(unusable());
        }
        let encoded = percent_encoding::utf8_percent_encode(&self.ticket, percent_encoding::NON_ALPHANUMERIC)
            .to_string();
        let cookie = HeaderValue::from_str(&format!("PVEAuthCookie={encoded}"));
        let (Ok(mut cookie), Ok(mut csrf)) = (cookie, HeaderValue::from_str(&self.csrf)) else {
            return Err(unusable());
        };
        cookie.set_sensitive(true);
        csrf.set_sensitive(true);
        Ok(Ticket { cookie, csrf, raw: Secret::new(self.ticket), since: Instant::now() })
    }
}

#[async_trait]
impl Authenticate for TicketLogin {
    async fn authorize(
        &self,
        client: &RestClient,
        method: &Method,
        headers: &mut HeaderMap,
        budget: &Budget,
    ) -> Result<Stamp, RestError> {
        // Held over the login: others wait for its ticket instead of logging in themselves.
        let mut state = self.state.lock().await;
        let fresh = match &state.ticket {
            Some(ticket) if ticket.since.elapsed() < self.renew_after => None,
            Some(ticket) => Some(self.prolong(client, ticket, budget).await?),
            None => Some(self.log_in(client, budget).await?),
        };
        if let Some(ticket) = fresh {
            state.ticket = Some(ticket);
            state.issue += 1;
        }
        if let Some(ticket) = &state.ticket {
            headers.insert(http::header::COOKIE, ticket.cookie.clone());
            if !matches!(*method, Method::GET | Method::HEAD) {
                headers.insert(CSRF, ticket.csrf.clone());
            }
        }
        Ok(Stamp(state.issue))
    }

    async fn renew(&self, client: &RestClient, refused: Stamp, budget: &Budget) -> Result<bool, RestError> {
        let mut state = self.state.lock().await;
        if state.issue > refused.0 {
            return Ok(true);
        }
        if self.otp.is_some() {
            // The code was used up by the login that is now refused.
            return Ok(false);
        }
        state.ticket = None;
        state.ticket = Some(self.log_in(client, budget).await?);
        state.issue += 1;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use transport_rest::{Policy, StandardStatus, parse_endpoints};
    use wiremock::matchers::{body_string_contains, header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    async fn login(server: &MockServer, otp: Option<&str>, renew_after: Duration) -> RestClient {
        let mut login =
            TicketLogin::new("root@pam".into(), Secret::new("canary word"), otp.map(Secret::from));
        login.renew_after = renew_after;
        let endpoints = parse_endpoints([server.uri()]).unwrap();
        RestClient::new(endpoints, Policy::default(), StandardStatus, Some(Arc::new(login)))
    }

    fn ticket(name: &str) -> ResponseTemplate {
        let data = json!({"ticket": format!("PVE:root@pam:{name}::sig+/="), "CSRFPreventionToken": format!("csrf-{name}")});
        ResponseTemplate::new(200).set_body_json(json!({ "data": data }))
    }

    fn asked_with(text: &str) -> wiremock::MockBuilder {
        Mock::given(method("POST")).and(path("/access/ticket")).and(body_string_contains(text))
    }

    #[tokio::test]
    async fn an_old_ticket_is_the_password_for_a_new_one() {
        let server = MockServer::start().await;
        asked_with("password=canary+word").respond_with(ticket("A")).expect(1).mount(&server).await;
        asked_with("password=PVE%3Aroot%40pam%3AA%3A%3Asig%2B%2F%3D")
            .respond_with(ticket("B"))
            .expect(1)
            .mount(&server)
            .await;
        Mock::given(header("csrfpreventiontoken", "csrf-A"))
            .respond_with(ResponseTemplate::new(200))
            .expect(1)
            .mount(&server)
            .await;
        let second = "PVEAuthCookie=PVE%3Aroot%40pam%3AB%3A%3Asig%2B%2F%3D";
        Mock::given(method("GET"))
            .and(header("cookie", second))
            .respond_with(ResponseTemplate::new(200))
            .expect(1)
            .mount(&server)
            .await;
        let client = login(&server, None, Duration::ZERO).await;
        client.send(Request::post(["a"]), &Budget::unlimited()).await.unwrap();
        client.send(Request::get(["b"]), &Budget::unlimited()).await.unwrap();
    }

    #[tokio::test]
    async fn a_second_factor_answers_the_challenge() {
        let server = MockServer::start().await;
        let challenge = json!({"data": {"ticket": "PVE:!tfa!challenge", "NeedTFA": 1}});
        asked_with("tfa-challenge=PVE%3A%21tfa%21challenge")
            .and(body_string_contains("password=totp%3A123456"))
            .respond_with(ticket("A"))
            .expect(1)
            .with_priority(1)
            .mount(&server)
            .await;
        asked_with("password=canary+word")
            .respond_with(ResponseTemplate::new(200).set_body_json(challenge))
            .mount(&server)
            .await;
        Mock::given(method("GET")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
        let budget = Budget::unlimited();
        login(&server, Some("123456"), RENEW_AFTER).await.send(Request::get(["a"]), &budget).await.unwrap();
        let without =
            login(&server, None, RENEW_AFTER).await.send(Request::get(["a"]), &budget).await.unwrap_err();
        assert!(without.to_string().contains("second factor"), "{without}");
    }
}

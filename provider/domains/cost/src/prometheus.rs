//! The `prometheus` section of the provider's configuration, and the way to a server.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cost_engine::signal::{self, Answer, AnswerError};
use tf_framework::{Diagnostics, Field, Model, Path, Result, Sensitive};
use transport_rest::{
    Authenticate, Bearer, Budget, Lane, Path as Segments, Policy, Request, RestClient, RestError, Secret,
    StandardStatus, Trust, Url, parse_endpoints,
};

/// The most series an answer may bring. Two are enough to see that it is not one.
const LIMIT: &str = "2";

/// The largest answer that is read: a label is small, and so are two series.
const LARGEST: usize = 1 << 20;

/// How the Prometheus is reached that tells signals.
#[derive(Debug, Clone, Model)]
pub struct PrometheusConfig {
    /// Address of the server: `https://prometheus.example.com`, with its prefix where it has one. Also
    /// `HYBRIDOPS_PROMETHEUS_URL`.
    pub url: Option<String>,
    /// Token sent to this server and no other. Also `HYBRIDOPS_PROMETHEUS_BEARER_TOKEN`.
    #[attr(validate(conflicts_with(username)))]
    pub bearer_token: Option<Sensitive<String>>,
    /// Name for basic authentication.
    #[attr(validate(required_with(password)))]
    pub username: Option<String>,
    /// Password for basic authentication. Also `HYBRIDOPS_PROMETHEUS_PASSWORD`.
    pub password: Option<Sensitive<String>>,
    /// PEM text of the authority that signed the server's certificate. The system's authorities unless set.
    pub ca_certificate: Option<String>,
}

/// What the provider configured. Nothing is opened before the first question.
#[derive(Debug, Clone, Default)]
pub struct Prometheus {
    url: Option<String>,
    authorization: Option<Secret>,
    ca_certificate: Option<String>,
}

/// Why a server gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// It cannot be reached, or fails.
    #[error("{0}")]
    Unreachable(RestError),
    /// Its answer is a refusal, or none.
    #[error("{0}")]
    Answer(AnswerError),
}

/// Something is known after apply only.
struct NotKnown;

fn text(field: &Field<String>, variable: Option<String>) -> std::result::Result<Option<String>, NotKnown> {
    match field {
        Field::Unknown => Err(NotKnown),
        Field::Known(text) => Ok(Some(text.clone())),
        Field::Null => Ok(variable.filter(|text| !text.is_empty())),
    }
}

impl PrometheusConfig {
    /// What objects of this domain work with; nothing while the section is not wholly known.
    ///
    /// # Errors
    /// A name without a password.
    pub fn client(
        config: &Field<PrometheusConfigPartial>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Arc<Prometheus>>> {
        let unset = PrometheusConfigPartial::default();
        let given = match config {
            Field::Unknown => return Ok(None),
            Field::Null => &unset,
            Field::Known(given) => given,
        };
        let variable = |name: &str| environment(&format!("HYBRIDOPS_PROMETHEUS_{name}"));
        let read = || {
            let url = text(&given.url, variable("URL"))?;
            let token = text(&given.bearer_token, variable("BEARER_TOKEN"))?.map(Secret::new);
            let username = text(&given.username, None)?;
            let password = text(&given.password, variable("PASSWORD"))?.map(Secret::new);
            let ca_certificate = text(&given.ca_certificate, None)?;
            let authorization = match (username, password) {
                (Some(name), Some(password)) => {
                    let pair = STANDARD.encode(format!("{name}:{}", password.expose()));
                    Some(Secret::new(format!("Basic {pair}")))
                }
                _ => token.map(|token| Secret::new(format!("Bearer {}", token.expose()))),
            };
            Ok::<_, NotKnown>(Prometheus { url, authorization, ca_certificate })
        };
        Ok(read().ok().map(Arc::new))
    }
}

/// A server that can be asked.
#[derive(Debug)]
pub(crate) struct Server {
    rest: RestClient,
    pub(crate) url: String,
}

impl Prometheus {
    /// The server at an address, or the configured one. What proves who we are goes to the configured server only.
    pub(crate) fn server(&self, own: Option<&str>) -> Result<Server> {
        let Some(url) = own.or(self.url.as_deref()) else {
            return Err(Diagnostics::error_at(
                Path::root().attribute("url"),
                "No Prometheus to ask",
                "Set `url` here, or in the provider's `prometheus` section.",
            ));
        };
        let wrong = |error: String| {
            Diagnostics::error_at(
                Path::root().attribute("url"),
                "The address of the Prometheus makes no sense",
                error,
            )
        };
        let urls = parse_endpoints([url]).map_err(|error| wrong(format!("{error}.")))?;
        let configured = self.url.as_deref().and_then(|url| parse_endpoints([url]).ok());
        let same = configured.is_some_and(|configured| origin(&configured) == origin(&urls));
        let authorization = self.authorization.clone().filter(|_| same);
        let bearer = match &authorization {
            None => None,
            Some(value) => Some(Bearer::new(value).ok_or_else(|| {
                wrong("What proves who we are holds characters that no header may carry.".to_owned())
            })?),
        };
        let trust = match &self.ca_certificate {
            Some(pem) if same => Trust::CaPem(pem.clone()),
            _ => Trust::System,
        };
        let policy = Policy {
            trust,
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(20),
            max_answer: LARGEST,
            secrets: authorization.into_iter().collect(),
            ..Policy::default()
        };
        let auth = bearer.map(|bearer| Arc::new(bearer) as Arc<dyn Authenticate>);
        Ok(Server { rest: RestClient::new(urls, policy, StandardStatus, auth), url: url.to_owned() })
    }
}

fn origin(urls: &[Url]) -> Option<(String, Option<String>, Option<u16>)> {
    let url = urls.first()?;
    Some((url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default()))
}

impl Server {
    /// Asks at a moment, in milliseconds since 1970.
    pub(crate) async fn ask(
        &self,
        query: &str,
        at: i64,
        budget: &Budget,
    ) -> std::result::Result<Answer, AskError> {
        let seconds = budget.remaining().map_or(20, |left| left.as_secs().max(1));
        let request = Request::get(Segments::new(["api", "v1", "query"]))
            .query("query", query)
            .query("time", format!("{}.{:03}", at.div_euclid(1000), at.rem_euclid(1000)))
            .query("timeout", format!("{seconds}s"))
            .query("limit", LIMIT)
            .lane(Lane::reads("prometheus"));
        match Box::pin(self.rest.send(request, budget)).await {
            Ok(response) => signal::read(&response.body).map_err(AskError::Answer),
            // A refusal has a status of its own, and says why in the body.
            Err(error) => match error.status().map(|failure| signal::read(&failure.body)) {
                Some(Err(refused @ AnswerError::Refused { .. })) => Err(AskError::Answer(refused)),
                _ => Err(AskError::Unreachable(error)),
            },
        }
    }
}

impl AskError {
    /// Whether the question itself is at fault, which no waiting mends.
    pub(crate) fn is_ours(&self) -> bool {
        match self {
            Self::Answer(AnswerError::Refused { kind, .. }) => kind == "bad_data",
            Self::Answer(_) | Self::Unreachable(_) => false,
        }
    }

    /// Its code, for conditions.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "UNREACHABLE",
            Self::Answer(AnswerError::Refused { .. }) => "REFUSED",
            Self::Answer(_) => "UNREADABLE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(config: PrometheusConfigPartial, env: &[(&str, &str)]) -> Arc<Prometheus> {
        let environment =
            |name: &str| env.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_owned());
        PrometheusConfig::client(&Field::Known(config), &environment).expect("sound").expect("known")
    }

    #[test]
    fn configuration_comes_before_the_environment() {
        let env = [
            ("HYBRIDOPS_PROMETHEUS_URL", "http://env:9090"),
            ("HYBRIDOPS_PROMETHEUS_BEARER_TOKEN", "canary"),
        ];
        let from_env = client(PrometheusConfigPartial::default(), &env);
        assert_eq!(from_env.server(None).expect("a server").url, "http://env:9090");
        assert!(!format!("{from_env:?}").contains("canary"));
        let given = PrometheusConfigPartial {
            url: Field::Known("http://given:9090".to_owned()),
            ..PrometheusConfigPartial::default()
        };
        assert_eq!(client(given, &env).server(None).expect("a server").url, "http://given:9090");
    }

    #[test]
    fn without_an_address_there_is_nobody_to_ask() {
        let nobody = client(PrometheusConfigPartial::default(), &[]);
        assert!(nobody.server(None).is_err());
        assert!(nobody.server(Some("http://own:9090")).is_ok());
        for wrong in ["own:9090", "ftp://own", "http://user:pass@own"] {
            assert!(nobody.server(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts_are_told_apart_by_scheme_name_and_port() {
        let of = |url: &str| origin(&parse_endpoints([url]).expect("an address"));
        assert_eq!(of("https://p.example.com/prefix"), of("https://p.example.com:443"));
        assert_ne!(of("https://p.example.com"), of("http://p.example.com"));
        assert_ne!(of("https://p.example.com"), of("https://p.example.com:9090"));
        assert_ne!(of("https://p.example.com"), of("https://q.example.com"));
    }
}

//! `hybridops_prometheus_query`.

use std::collections::BTreeMap;
use std::time::Duration;

use cost_engine::moment;
use cost_engine::signal::{Demands, Observed, Signal, judge};
use jiff::Timestamp;
use tf_framework::{
    Choice, Computed, DataContext, DataSource, Diagnostic, Diagnostics, Model, Path, Result, Value,
};
use transport_rest::Budget;

use crate::prometheus::{AskError, Prometheus};
use crate::question::is_moment;

/// Seconds after which a sample is of the past. Prometheus keeps a series that stopped without a word for 300.
const MAX_AGE: u64 = 120;
/// Seconds that clocks may differ.
const SKEW: u64 = 30;
/// Seconds a server has for its answers.
const PATIENCE: u64 = 10;

/// What a Prometheus measures, if it may be believed.
///
/// A query is asked at one moment, which is sent along, and has to yield exactly one number. Its answer alone does not tell
/// that what measures it still lives: series that are federated, or that carry times of their own, keep their last value
/// for five minutes after their source has died. So the time of the samples behind it is asked, too (`timestamp()` of
/// `source`), and the oldest of them counts. No series, several, `NaN`, an infinite number, a sample that is old or from the
/// future, and doubts of the server itself are faults, and there is no value then.
///
/// That something is not measured is the usual picture of a disaster, not a proof of it: let a second Prometheus, which
/// stands elsewhere, say the same before you act on it.
#[derive(Debug, Clone, Model)]
pub struct PrometheusQuery {
    /// Address of the server, `https://prometheus.example.com`. That of the provider's `prometheus` section unless set; only
    /// that one gets the section's credentials.
    pub url: Option<String>,
    /// The query, which has to yield one number: `max(pg_replication_lag_seconds{cluster="db-01"})`.
    #[attr(validate(length(1..=8192)))]
    pub query: String,
    /// The selector of the samples behind it, whose oldest tells the age: `pg_replication_lag_seconds{cluster="db-01"}`.
    /// `query` unless set, which has to be a selector then.
    #[attr(validate(custom(is_selector, "a selector such as `up{job=\"node\"}`")))]
    pub source: Option<String>,
    /// How many series `source` has to have: fewer are a fault, and so are more. Any number unless set.
    #[attr(validate(range(1..)))]
    pub source_count: Option<u64>,
    /// The moment that is asked about, such as `2026-03-30T22:00:00Z`. Now unless set.
    #[attr(validate(custom(is_moment, "a time in UTC such as `2026-03-30T22:00:00Z`")))]
    pub time: Option<String>,
    /// The most seconds since the oldest sample. 120 unless set; 300 and more cannot tell a dead source from a living one.
    #[attr(validate(range(1..=299)))]
    pub max_age_seconds: Option<u64>,
    /// The most seconds that all answers may take together. 10 unless set.
    #[attr(validate(range(1..=60)))]
    pub timeout_seconds: Option<u64>,
    /// What comes of a fault: `error` stops the plan, `report` shows it and gives no value. `error` unless set. A query that
    /// the server does not understand is an error in any case.
    pub on_fault: Option<OnFault>,
    /// The number as Prometheus writes it; null where there is a fault.
    pub value: Computed<Option<String>>,
    /// Whether there is a value.
    pub healthy: Computed<bool>,
    /// Why there is none: `NO_SERIES`, `MANY_SERIES`, `NOT_A_NUMBER`, `NO_AGE`, `STALE`, `FROM_FUTURE`, `SOURCES_MISSING`,
    /// `DEGRADED`, `UNREACHABLE`, `REFUSED` or `UNREADABLE`; null where there is one.
    pub fault: Computed<Option<String>>,
    /// The fault in words, or the value with its age.
    pub explanation: Computed<String>,
    /// Labels of the series.
    pub labels: Computed<BTreeMap<String, String>>,
    /// Seconds since the oldest sample behind it; null where that is not known. It differs in every plan: let nothing but
    /// conditions depend on it.
    pub age_seconds: Computed<Option<u64>>,
    /// How many series `source` has; null where that is not known.
    pub sources_found: Computed<Option<u64>>,
    /// What the server doubts about its own answer.
    pub warnings: Computed<Vec<String>>,
    /// The moment that was asked about.
    pub evaluated_at: Computed<String>,
}

/// What comes of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnFault {
    /// The plan stops.
    Error,
    /// It is shown, and there is no value.
    Report,
}

fn is_selector(value: &Value) -> std::result::Result<(), String> {
    match value.as_str() {
        Some(text) if !selects(text) => Err(format!("{text:?} is no selector of instants")),
        _ => Ok(()),
    }
}

/// Whether a text is a selector of instants: a name, labels in braces, or both, and nothing behind them.
fn selects(text: &str) -> bool {
    let text = text.trim();
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let rest = text.trim_start_matches(named).trim_start();
    let name = text.get(..text.len() - rest.len()).unwrap_or_default().trim_end();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    if rest.is_empty() {
        return !name.is_empty();
    }
    rest.starts_with('{') && closes_at_end(rest)
}

/// Whether the brace that a text begins with is closed by its last character. Quotes may hold anything.
fn closes_at_end(text: &str) -> bool {
    let mut quote = None;
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some('"' | '\''), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '{') => return false,
            (None, '}') => return index + 1 == text.len(),
            (None, _) => {}
        }
    }
    false
}

fn ageless(query: &str) -> Diagnostic {
    let detail = format!(
        "`{query}` computes something, and what is computed has no age but that of the question. Set `source` to the selector \
         of the samples it is computed from."
    );
    Diagnostic::error("The age of the signal cannot be told", detail).at(Path::root().attribute("source"))
}

impl DataSource for PrometheusQuery {
    const NAME: &'static str = "prometheus_query";
    const SUBCATEGORY: &'static str = "Cost";
    type Client = Prometheus;

    fn validate(config: &Self::Partial, diagnostics: &mut Diagnostics) {
        let own = config.source.is_null();
        if let Some(query) = config.query.known().filter(|query| own && !selects(query)) {
            diagnostics.push(ageless(query));
        }
    }

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let server = cx.client()?.server(config.url.as_deref())?;
        let at = config.time.as_deref().and_then(moment).unwrap_or_else(Timestamp::now);
        let patience = Duration::from_secs(config.timeout_seconds.unwrap_or(PATIENCE));
        let budget =
            Budget::new(Some(cx.deadline().into_std()), cx.cancellation().clone()).shortened(patience);
        let source = config.source.as_deref().unwrap_or(&config.query);
        // What was not known when it was validated is looked at here.
        if !selects(source) {
            return Err(ageless(source).into());
        }
        let moment = at.as_millisecond();
        let (oldest, count) = (format!("min(timestamp({source}))"), format!("count({source})"));
        let asked = futures::try_join!(
            server.ask(&config.query, moment, &budget),
            server.ask(&oldest, moment, &budget),
            server.ask(&count, moment, &budget),
        );
        let told = match asked {
            Ok((signal, oldest, count)) => {
                let observed = Observed { at: moment, signal, oldest, count };
                Told::from(judge(&observed, &config.demands()))
            }
            Err(error) if error.is_ours() => {
                return Err(Diagnostics::error_at(
                    Path::root().attribute("query"),
                    "The query is not understood",
                    format!("{}: {error}.", server.url),
                ));
            }
            Err(error) => Told::from(&error),
        };
        config.act(cx, &server.url, &told)?;
        Ok(Self {
            healthy: told.fault.is_none().into(),
            value: told.value.into(),
            fault: told.fault.map(str::to_owned).into(),
            explanation: told.explanation.into(),
            labels: told.labels.into(),
            age_seconds: told.age.into(),
            sources_found: told.sources.into(),
            warnings: told.warnings.into(),
            evaluated_at: at.to_string().into(),
            ..config
        })
    }
}

impl PrometheusQuery {
    fn demands(&self) -> Demands {
        let max_age = self.max_age_seconds.unwrap_or(MAX_AGE);
        Demands { max_age, skew: SKEW, sources: self.source_count }
    }

    fn act(&self, cx: &DataContext<Self>, url: &str, told: &Told) -> Result<()> {
        let Some(fault) = told.fault else { return Ok(()) };
        let detail = format!("{url}, `{}`: {} ({fault}).", self.query, told.explanation);
        let summary = "The signal may not be believed";
        match self.on_fault.unwrap_or(OnFault::Error) {
            OnFault::Error => Err(Diagnostics::error_at(Path::root().attribute("query"), summary, detail)),
            OnFault::Report => {
                cx.warn(Diagnostic::warning(summary, detail).at(Path::root().attribute("query")));
                Ok(())
            }
        }
    }
}

/// What is told of a signal, or of a server that does not answer.
struct Told {
    value: Option<String>,
    fault: Option<&'static str>,
    explanation: String,
    labels: BTreeMap<String, String>,
    age: Option<u64>,
    sources: Option<u64>,
    warnings: Vec<String>,
}

impl From<Signal> for Told {
    fn from(signal: Signal) -> Self {
        let age = signal.age.map(|age| u64::try_from(age / 1000).unwrap_or(0));
        let explanation = match (&signal.fault, &signal.value) {
            (Some(fault), _) => fault.to_string(),
            (None, value) => {
                let value = value.as_deref().unwrap_or_default();
                format!("{value}, from samples of which the oldest is {} s old", age.unwrap_or_default())
            }
        };
        Self {
            explanation,
            fault: signal.fault.as_ref().map(cost_engine::signal::Fault::code),
            value: signal.value,
            labels: signal.labels,
            age,
            sources: signal.sources,
            warnings: signal.warnings,
        }
    }
}

impl From<&AskError> for Told {
    fn from(error: &AskError) -> Self {
        Self {
            value: None,
            fault: Some(error.code()),
            explanation: error.to_string(),
            labels: BTreeMap::new(),
            age: None,
            sources: None,
            warnings: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors() {
        for good in [
            "up",
            "job:requests:rate5m",
            "up{job=\"node\"}",
            "up {job=~\"a|b\", instance!=\"}\"}",
            "{__name__=\"up\"}",
            "up{path='\\'}'}",
            "up{a=`}`}",
            " up ",
        ] {
            assert!(selects(good), "{good}");
        }
        for bad in [
            "",
            "sum(up)",
            "up[5m]",
            "up offset 5m",
            "up + 1",
            "1",
            "up{job=\"a\"} / 2",
            "up{job=\"a\"}}",
            "up{",
            "up) or vector(1",
            "up{a=\"b\"}) or (up",
        ] {
            assert!(!selects(bad), "{bad}");
        }
    }
}

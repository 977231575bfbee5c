//! What a Prometheus says, and whether it may be believed.
//!
//! A number from a monitoring system is a fact only if it is one number, of one series, that something still writes. A
//! series that is federated keeps its last value for minutes after its source died: the answer to a query does not tell,
//! the time of the sample behind it does.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// The answer to an instant query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The series, or one without labels for a scalar.
    pub series: Vec<Series>,
    /// What the server doubts about its own answer.
    pub warnings: Vec<String>,
}

/// One series of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The number as it is written.
    pub value: String,
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is no JSON.
    #[error("it is no JSON: {reason}")]
    Json {
        /// What the decoder says.
        reason: String,
    },
    /// The server refused the query.
    #[error("the server refuses the query ({kind}): {reason}")]
    Refused {
        /// Its own name of the fault.
        kind: String,
        /// What it says.
        reason: String,
    },
    /// It is the answer to something else.
    #[error("it is no answer to an instant query: {what}")]
    Shape {
        /// What is missing or strange.
        what: &'static str,
    },
}

/// What a signal has to be to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demands {
    /// Seconds since the oldest sample behind it.
    pub max_age: u64,
    /// Seconds that clocks may differ.
    pub skew: u64,
    /// How many series its source has to have; any number but none where it is not said.
    pub sources: Option<u64>,
}

/// What was asked of the server about one signal, all at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The moment, in milliseconds since 1970.
    pub at: i64,
    /// The signal.
    pub signal: Answer,
    /// The time of its oldest sample: `min(timestamp(source))`.
    pub oldest: Answer,
    /// How many series its source has: `count(source)`.
    pub count: Answer,
}

/// What became of a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The number, where it may be believed.
    pub value: Option<String>,
    /// Why it may not be believed.
    pub fault: Option<Fault>,
    /// Labels of the series.
    pub labels: BTreeMap<String, String>,
    /// Milliseconds since the oldest sample behind it, where that is known.
    pub age: Option<i64>,
    /// How many series its source has, where that is known.
    pub sources: Option<u64>,
    /// What the server doubts about its own answer.
    pub warnings: Vec<String>,
}

/// Why a signal may not be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing answers to the query.
    #[error("no series answers to the query: it is not measured, or what measures it is gone")]
    NoSeries,
    /// More than one series answers.
    #[error(
        "more than one series answers to the query, and which is meant is not said: aggregate it, or name more labels"
    )]
    ManySeries,
    /// It is none of the numbers that can be compared.
    #[error("the value is {value:?}, which is no number")]
    NotANumber {
        /// What it is.
        value: String,
    },
    /// The time of its samples is not told.
    #[error("the age of the samples behind it is not told: nothing answers to the source")]
    NoAge,
    /// Its source is dead.
    #[error(
        "the oldest sample behind it is {age} s old, at most {max_age} s are believed: what measures it has stopped"
    )]
    Stale {
        /// Whole seconds.
        age: i64,
        /// Whole seconds.
        max_age: u64,
    },
    /// It is from the future.
    #[error("the sample behind it is {ahead} s ahead of the clock here: one of the clocks is wrong")]
    FromFuture {
        /// Whole seconds.
        ahead: i64,
    },
    /// Some of its sources are gone.
    #[error("{found} series stand behind it instead of {wanted}")]
    Sources {
        /// What is there.
        found: u64,
        /// What has to be there.
        wanted: u64,
    },
    /// The server doubts its own answer.
    #[error("the server doubts its own answer: {}", warnings.join("; "))]
    Degraded {
        /// What it says.
        warnings: Vec<String>,
    },
}

impl Fault {
    /// Its code, for conditions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSeries => "NO_SERIES",
            Self::ManySeries => "MANY_SERIES",
            Self::NotANumber { .. } => "NOT_A_NUMBER",
            Self::NoAge => "NO_AGE",
            Self::Stale { .. } => "STALE",
            Self::FromFuture { .. } => "FROM_FUTURE",
            Self::Sources { .. } => "SOURCES_MISSING",
            Self::Degraded { .. } => "DEGRADED",
        }
    }
}

/// Reads the answer to an instant query.
///
/// # Errors
/// [`AnswerError`]: it is a refusal, or none.
pub fn read(body: &[u8]) -> Result<Answer, AnswerError> {
    let answer: Json =
        serde_json::from_slice(body).map_err(|error| AnswerError::Json { reason: error.to_string() })?;
    let text = |name: &str| answer.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    match text("status").as_str() {
        "success" => {}
        "error" => return Err(AnswerError::Refused { kind: text("errorType"), reason: text("error") }),
        _ => return Err(AnswerError::Shape { what: "its status" }),
    }
    let data = answer.get("data").ok_or(AnswerError::Shape { what: "its data" })?;
    let result = data.get("result").ok_or(AnswerError::Shape { what: "its result" })?;
    let series = match data.get("resultType").and_then(Json::as_str) {
        Some("vector") => {
            let elements = result.as_array().ok_or(AnswerError::Shape { what: "its vector" })?;
            elements.iter().map(element).collect::<Result<_, _>>()?
        }
        Some("scalar") => vec![Series { labels: BTreeMap::new(), value: sample(Some(result))? }],
        _ => return Err(AnswerError::Shape { what: "its type, which is neither vector nor scalar" }),
    };
    Ok(Answer { series, warnings: warnings(&answer) })
}

fn element(element: &Json) -> Result<Series, AnswerError> {
    let labels =
        element.get("metric").and_then(Json::as_object).ok_or(AnswerError::Shape { what: "its labels" })?;
    let label = |(name, value): (&String, &Json)| Some((name.clone(), value.as_str()?.to_owned()));
    let labels =
        labels.iter().map(label).collect::<Option<_>>().ok_or(AnswerError::Shape { what: "its labels" })?;
    Ok(Series { labels, value: sample(element.get("value"))? })
}

/// The number of a pair of time and number. The time is that of the question, and tells nothing.
fn sample(pair: Option<&Json>) -> Result<String, AnswerError> {
    let value = pair.and_then(Json::as_array).and_then(|pair| pair.get(1)).and_then(Json::as_str);
    value.map(str::to_owned).ok_or(AnswerError::Shape { what: "a sample" })
}

fn warnings(answer: &Json) -> Vec<String> {
    let told = answer.get("warnings").and_then(Json::as_array).into_iter().flatten();
    told.map(|warning| warning.as_str().map_or_else(|| warning.to_string(), str::to_owned)).collect()
}

/// Whether a signal may be believed. Of several faults the first is told: what is not there has no age.
#[must_use]
pub fn judge(observed: &Observed, demands: &Demands) -> Signal {
    let mut warnings: Vec<String> = [&observed.signal, &observed.oldest, &observed.count]
        .into_iter()
        .flat_map(|answer| answer.warnings.clone())
        .collect();
    warnings.sort();
    warnings.dedup();
    let age = one_number(&observed.oldest).map(|seconds| observed.at.saturating_sub(milliseconds(seconds)));
    let sources = one_number(&observed.count).map(whole);
    let found = value(&observed.signal);
    let fault = found
        .as_ref()
        .err()
        .cloned()
        .or_else(|| aged(age, demands))
        .or_else(|| counted(sources, demands))
        .or_else(|| (!warnings.is_empty()).then(|| Fault::Degraded { warnings: warnings.clone() }));
    let labels = match observed.signal.series.as_slice() {
        [only] => only.labels.clone(),
        _ => BTreeMap::new(),
    };
    Signal { value: found.ok().filter(|_| fault.is_none()), fault, labels, age, sources, warnings }
}

fn value(answer: &Answer) -> Result<String, Fault> {
    match answer.series.as_slice() {
        [] => Err(Fault::NoSeries),
        [only] if number(&only.value).is_some() => Ok(only.value.clone()),
        [only] => Err(Fault::NotANumber { value: only.value.clone() }),
        _ => Err(Fault::ManySeries),
    }
}

/// What can be compared: neither `NaN` nor infinite.
fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

fn one_number(answer: &Answer) -> Option<f64> {
    match answer.series.as_slice() {
        [only] => number(&only.value),
        _ => None,
    }
}

fn milliseconds(seconds: f64) -> i64 {
    // Saturates, and samples of tests and of broken exporters may lie anywhere.
    (seconds * 1000.0).round() as i64
}

fn whole(number: f64) -> u64 {
    number.max(0.0).round() as u64
}

fn aged(age: Option<i64>, demands: &Demands) -> Option<Fault> {
    let bound = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
    match age {
        None => Some(Fault::NoAge),
        Some(age) if age > bound(demands.max_age) => {
            Some(Fault::Stale { age: age / 1000, max_age: demands.max_age })
        }
        Some(age) if age < -bound(demands.skew) => Some(Fault::FromFuture { ahead: -age / 1000 }),
        Some(_) => None,
    }
}

fn counted(sources: Option<u64>, demands: &Demands) -> Option<Fault> {
    let wanted = demands.sources?;
    let found = sources.unwrap_or_default();
    (found != wanted).then_some(Fault::Sources { found, wanted })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vector(values: &[&str]) -> Answer {
        let series = |value: &&str| Series { labels: BTreeMap::new(), value: (*value).to_owned() };
        Answer { series: values.iter().map(series).collect(), warnings: Vec::new() }
    }

    fn observed(value: &[&str], oldest: &str) -> Observed {
        Observed {
            at: 1_000_000_000,
            signal: vector(value),
            oldest: vector(&[oldest]),
            count: vector(&["1"]),
        }
    }

    const DEMANDS: Demands = Demands { max_age: 120, skew: 5, sources: None };

    fn code(observed: &Observed) -> &'static str {
        judge(observed, &DEMANDS).fault.map_or("OK", |fault| fault.code())
    }

    #[test]
    fn one_fresh_number_is_believed() {
        let signal = judge(&observed(&["0.25"], "999990"), &DEMANDS);
        assert_eq!((signal.value.as_deref(), signal.fault, signal.age), (Some("0.25"), None, Some(10_000)));
    }

    #[test]
    fn what_is_not_believed() {
        assert_eq!(code(&observed(&[], "999990")), "NO_SERIES");
        assert_eq!(code(&observed(&["1", "2"], "999990")), "MANY_SERIES");
        for value in ["NaN", "+Inf", "-Inf", "", "one"] {
            assert_eq!(code(&observed(&[value], "999990")), "NOT_A_NUMBER", "{value}");
        }
        assert_eq!(code(&observed(&["1"], "NaN")), "NO_AGE");
        assert_eq!(code(&observed(&["1"], "999880")), "OK", "as old as is believed");
        assert_eq!(code(&observed(&["1"], "999879.999")), "STALE");
        assert_eq!(code(&observed(&["1"], "1000005")), "OK", "as far ahead as clocks may differ");
        assert_eq!(code(&observed(&["1"], "1000005.001")), "FROM_FUTURE");
        let mut doubted = observed(&["1"], "999990");
        doubted.count.warnings = vec!["truncated".to_owned()];
        assert_eq!(code(&doubted), "DEGRADED");
        let wanted = Demands { sources: Some(2), ..DEMANDS };
        let signal = judge(&observed(&["1"], "999990"), &wanted);
        assert_eq!(signal.fault, Some(Fault::Sources { found: 1, wanted: 2 }));
        assert_eq!(signal.value, None);
    }

    #[test]
    fn answers_are_read() {
        let answer = read(
            br#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1.5,"3"]}]},
                "warnings":["w"],"infos":["i"]}"#,
        )
        .expect("an answer");
        assert_eq!(answer.series[0].value, "3");
        assert_eq!(answer.series[0].labels["job"], "a");
        assert_eq!(answer.warnings, ["w"]);
        let scalar = read(br#"{"status":"success","data":{"resultType":"scalar","result":[1.5,"3"]}}"#);
        assert_eq!(scalar.expect("an answer").series.len(), 1);
    }

    #[test]
    fn what_is_no_answer() {
        let refused = read(br#"{"status":"error","errorType":"bad_data","error":"parse error"}"#);
        assert_eq!(
            refused,
            Err(AnswerError::Refused { kind: "bad_data".to_owned(), reason: "parse error".to_owned() })
        );
        for body in [
            r"{}",
            r#"{"status":"success"}"#,
            r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":{}}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1]}]}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,2]}]}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"2"]}]}}"#,
        ] {
            assert!(matches!(read(body.as_bytes()), Err(AnswerError::Shape { .. })), "{body}");
        }
        assert!(matches!(read(b"<html>"), Err(AnswerError::Json { .. })));
    }

    proptest! {
        #[test]
        fn a_value_is_given_only_where_nothing_is_wrong(
            values in proptest::collection::vec("(-?[0-9]{1,4}(\\.[0-9]{1,3})?|NaN|[+]Inf)", 0..3),
            age in -400i64..400,
            doubts in proptest::collection::vec("[a-z]{1,5}", 0..2),
            sources in proptest::option::of(0..3u64),
        ) {
            let texts: Vec<&str> = values.iter().map(String::as_str).collect();
            let mut seen = observed(&texts, &(1_000_000 - age).to_string());
            seen.oldest.warnings = doubts.clone();
            let signal = judge(&seen, &Demands { sources, ..DEMANDS });
            prop_assert_eq!(signal.value.is_some(), signal.fault.is_none());
            let believable = values.len() == 1
                && values.iter().all(|value| value.parse::<f64>().is_ok_and(f64::is_finite))
                && (-5..=120).contains(&age)
                && doubts.is_empty()
                && sources.is_none_or(|wanted| wanted == 1);
            prop_assert_eq!(signal.fault.is_none(), believable);
        }

        #[test]
        fn whatever_comes_is_no_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body);
        }
    }
}

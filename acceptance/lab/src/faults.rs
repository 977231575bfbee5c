//! Faults on request: what goes wrong, where, and the how-manieth time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use regex::Regex;
use serde::{Deserialize, Serialize};

/// What happens to a matching request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// The connection is cut before anything is done.
    DropBefore,
    /// The work is done, then the connection is cut: the response is lost.
    DropAfter,
    /// The request waits before it is worked on.
    Delay {
        /// Milliseconds.
        millis: u64,
    },
    /// A status with a text instead of the work.
    Status {
        /// HTTP status.
        status: u16,
        /// Text of the status line and `message`.
        message: String,
    },
    /// The work is done, then a status with a text is answered.
    StatusAfter {
        /// HTTP status.
        status: u16,
        /// Text of the status line and `message`.
        message: String,
    },
    /// The work is done; half of the body arrives, then the connection is cut.
    Truncate,
    /// A proxy's page of HTML instead of the work.
    HtmlPage {
        /// HTTP status.
        status: u16,
        /// Its title.
        title: String,
    },
    /// A redirect instead of the work, as to a login page.
    Redirect {
        /// Where to.
        location: String,
    },
    /// The process at the other end is killed (SIGKILL) before anything is done.
    KillClientBefore,
    /// The process at the other end is killed after the work, before the response.
    KillClientAfter,
}

/// What happens to a matching task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TaskEffect {
    /// Ends with this text, having done nothing.
    Fail {
        /// Exit text.
        text: String,
    },
    /// Does its work and then ends with this text.
    FailAfter {
        /// Exit text.
        text: String,
    },
    /// Runs until released.
    Hang,
}

/// Which requests a fault hits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestFault {
    /// Method, or empty for any.
    #[serde(default)]
    pub method: String,
    /// Regular expression searched in the decoded path (`/api2/json` cut off).
    #[serde(default)]
    pub path: String,
    /// Hits from the n-th match on, counted from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many matches it hits; 0 for all that follow.
    #[serde(default = "one")]
    pub times: u64,
    /// What happens.
    pub effect: Effect,
}

/// Which tasks a fault hits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskFaultRule {
    /// Regular expression for the task type (`qmcreate`).
    pub task: String,
    /// Hits from the n-th match on, counted from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many matches it hits; 0 for all that follow.
    #[serde(default = "one")]
    pub times: u64,
    /// What happens.
    pub effect: TaskEffect,
}

const fn one() -> u64 {
    1
}

/// A pattern that is no regular expression.
#[derive(Debug, thiserror::Error)]
#[error("{pattern:?} is no regular expression")]
pub struct BadPattern {
    pattern: String,
    #[source]
    source: regex::Error,
}

/// Opens to let hanging tasks go on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<AtomicBool>);

impl Gate {
    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A task fault that has struck.
#[derive(Debug)]
pub(crate) enum TaskFault {
    FailBefore(String),
    FailAfter(String),
    Hang(Gate),
}

#[derive(Debug)]
struct Armed<E> {
    id: u64,
    method: String,
    pattern: Regex,
    nth: u64,
    times: u64,
    seen: u64,
    effect: E,
}

impl<E: Clone> Armed<E> {
    /// Counts a match; tells whether this one is hit.
    fn hit(&mut self) -> bool {
        self.seen += 1;
        self.seen >= self.nth && (self.times == 0 || self.seen < self.nth + self.times)
    }
}

#[derive(Debug, Default)]
struct Rules {
    next: u64,
    requests: Vec<Armed<Effect>>,
    tasks: Vec<Armed<TaskEffect>>,
    gate: Gate,
}

/// All armed faults.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Mutex<Rules>,
}

fn compile(pattern: &str) -> Result<Regex, BadPattern> {
    Regex::new(pattern).map_err(|source| BadPattern { pattern: pattern.to_owned(), source })
}

impl Faults {
    fn rules(&self) -> std::sync::MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Arms a fault for requests; answers its id.
    ///
    /// # Errors
    /// The path pattern is no regular expression.
    pub fn add(&self, fault: RequestFault) -> Result<u64, BadPattern> {
        let pattern = compile(&fault.path)?;
        let mut rules = self.rules();
        rules.next += 1;
        let id = rules.next;
        let RequestFault { method, nth, times, effect, .. } = fault;
        rules.requests.push(Armed { id, method, pattern, nth, times, seen: 0, effect });
        Ok(id)
    }

    /// Arms a fault for tasks; answers its id.
    ///
    /// # Errors
    /// The task pattern is no regular expression.
    pub fn add_task(&self, fault: TaskFaultRule) -> Result<u64, BadPattern> {
        let pattern = compile(&format!("^(?:{})$", fault.task))?;
        let mut rules = self.rules();
        rules.next += 1;
        let id = rules.next;
        let TaskFaultRule { nth, times, effect, .. } = fault;
        rules.tasks.push(Armed { id, method: String::new(), pattern, nth, times, seen: 0, effect });
        Ok(id)
    }

    /// Disarms one fault.
    pub fn remove(&self, id: u64) {
        let mut rules = self.rules();
        rules.requests.retain(|f| f.id != id);
        rules.tasks.retain(|f| f.id != id);
    }

    /// Disarms all faults and lets hanging tasks go on.
    pub fn clear(&self) {
        let mut rules = self.rules();
        rules.requests.clear();
        rules.tasks.clear();
        drop(rules);
        self.release();
    }

    /// Lets hanging tasks go on; tasks that hang later wait for the next release.
    pub fn release(&self) {
        let mut rules = self.rules();
        std::mem::take(&mut rules.gate).0.store(true, Ordering::Relaxed);
    }

    /// The effect for a request, counting every rule it matches.
    pub(crate) fn next_request(&self, method: &str, path: &str) -> Option<Effect> {
        let mut struck = None;
        for rule in &mut self.rules().requests {
            let matches = (rule.method.is_empty() || rule.method == method) && rule.pattern.is_match(path);
            if matches && rule.hit() && struck.is_none() {
                struck = Some(rule.effect.clone());
            }
        }
        struck
    }

    pub(crate) fn next_task(&self, kind: &str, _id: &str) -> Option<TaskFault> {
        let mut rules = self.rules();
        let gate = rules.gate.clone();
        let mut struck = None;
        for rule in &mut rules.tasks {
            if rule.pattern.is_match(kind) && rule.hit() && struck.is_none() {
                struck = Some(rule.effect.clone());
            }
        }
        Some(match struck? {
            TaskEffect::Fail { text } => TaskFault::FailBefore(text),
            TaskEffect::FailAfter { text } => TaskFault::FailAfter(text),
            TaskEffect::Hang => TaskFault::Hang(gate),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_the_nth_match_only() {
        let faults = Faults::default();
        let fault = RequestFault {
            method: "POST".into(),
            path: "/qemu$".into(),
            nth: 2,
            times: 1,
            effect: Effect::DropAfter,
        };
        faults.add(fault).expect("valid");
        let strike = |m, p| faults.next_request(m, p);
        assert_eq!(strike("POST", "/nodes/a/qemu"), None);
        assert_eq!(strike("GET", "/nodes/a/qemu"), None);
        assert_eq!(strike("POST", "/nodes/a/qemu"), Some(Effect::DropAfter));
        assert_eq!(strike("POST", "/nodes/a/qemu"), None);
    }

    #[test]
    fn bad_pattern_is_refused() {
        let fault = TaskFaultRule { task: "(".into(), nth: 1, times: 1, effect: TaskEffect::Hang };
        assert!(Faults::default().add_task(fault).is_err());
    }
}

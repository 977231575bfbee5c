//! Panics: caught where an answer can still be given, told to the host where not.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::future::Future;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Lines of backtrace shown: enough to find the place, few enough to read.
const BACKTRACE_LINES: usize = 60;

/// A panic, caught.
#[derive(Clone, Debug, Default)]
pub struct CaughtPanic {
    /// What the panic said.
    pub message: String,
    /// `file:line:column`, where known.
    pub location: Option<String>,
    /// Where it came from; empty where no hook was installed.
    pub backtrace: String,
}

impl fmt::Display for CaughtPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.location {
            Some(location) => write!(f, " at {location}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CaughtPanic {}

thread_local! {
    /// Where the hook leaves its report while somebody is there to catch it.
    static CATCHING: RefCell<Option<CaughtPanic>> = const { RefCell::new(None) };
}

/// Makes panics that escape visible to the host: a line `panic: …`, by which hosts know a crash, the place, and a short
/// backtrace, in one write to standard error. Panics under [`catch_panic`] are left to it.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let report = report(info);
        let caught = CATCHING.try_with(|catching| match catching.try_borrow_mut() {
            Ok(mut slot) if slot.is_some() => {
                *slot = Some(report.clone());
                true
            }
            _ => false,
        });
        if !caught.unwrap_or(false) {
            // There is no one to tell when standard error fails.
            let _ = std::io::stderr().lock().write_all(text(&report).as_bytes());
        }
    }));
}

/// Runs a future to its end or to its panic.
///
/// With [`install_panic_hook`] in place the panic carries its location and backtrace, and nothing is written to standard
/// error. What the future held is dropped; what it shared with others may be half changed.
///
/// # Errors
/// The future panicked.
pub async fn catch_panic<F: Future>(future: F) -> Result<F::Output, CaughtPanic> {
    Caught { future: Box::pin(future) }.await
}

struct Caught<F> {
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, CaughtPanic>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outer = CATCHING.replace(Some(CaughtPanic::default()));
        let polled = catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(cx)));
        let report = CATCHING.replace(outer).unwrap_or_default();
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(CaughtPanic { message: message(payload.as_ref()), ..report })),
        }
    }
}

fn report(info: &PanicHookInfo<'_>) -> CaughtPanic {
    CaughtPanic {
        message: message(info.payload()),
        location: info.location().map(ToString::to_string),
        backtrace: short_backtrace(),
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a value that is no text".to_owned()
    }
}

fn text(report: &CaughtPanic) -> String {
    let thread = std::thread::current();
    let mut text = format!("panic: {}\n\n", report.message.replace('\n', "\n  "));
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "thread {} at {}",
        thread.name().unwrap_or("?"),
        report.location.as_deref().unwrap_or("?")
    );
    text.push_str(&report.backtrace);
    text
}

/// The frames between the panic and the runtime.
fn short_backtrace() -> String {
    let full = Backtrace::force_capture().to_string();
    let lines: Vec<&str> = full.lines().collect();
    let start =
        lines.iter().rposition(|line| line.contains("core::panicking") || line.contains("begin_panic"));
    let mut short = String::new();
    for line in lines.iter().skip(start.map_or(0, |start| start + 1)).take(BACKTRACE_LINES) {
        short.push_str(line);
        short.push('\n');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_known_as_a_crash() {
        let report = CaughtPanic {
            message: "one\ntwo".to_owned(),
            location: Some("a.rs:1:2".to_owned()),
            backtrace: "  0: f\n".to_owned(),
        };
        let text = text(&report);
        assert!(text.starts_with("panic: one\n  two\n\nthread "), "{text}");
        assert!(text.contains(" at a.rs:1:2\n  0: f\n"), "{text}");
    }

    #[tokio::test]
    async fn panics_become_errors() {
        let error =
            catch_panic(async { panic!("no {}", "luck") }).await.map(|(): ()| ()).expect_err("panics");
        assert_eq!(error.message, "no luck");
        assert_eq!(catch_panic(async { 7 }).await.expect("no panic"), 7);
    }
}

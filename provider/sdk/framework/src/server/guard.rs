//! Runs an operation so that nothing it does takes the process or the answer along: a panic becomes a
//! diagnostic, a deadline and an interrupt are enforced with some grace.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use super::{CANCEL_GRACE, DEADLINE_GRACE};
use crate::diagnostic::{Diagnostics, Result};

/// Runs it to its end, or to the end of its time.
pub(super) async fn run<T>(
    what: &str,
    timeout: Duration,
    cancel: &CancellationToken,
    operation: impl Future<Output = Result<T>>,
) -> Result<T> {
    let started = Instant::now();
    let interrupted = async {
        cancel.cancelled().await;
        tokio::time::sleep(CANCEL_GRACE).await;
    };
    tokio::select! {
        biased;
        result = AssertUnwindSafe(operation).catch_unwind() => result.unwrap_or_else(|panic| Err(panicked(what, &*panic))),
        () = tokio::time::sleep(timeout + DEADLINE_GRACE) => Err(Diagnostics::error(
            format!("{what} took too long"),
            format!("It was given up after {} s. What had been made by then is in the state. Raise `timeouts` if \
                     it is only slow.", started.elapsed().as_secs()),
        )),
        () = interrupted => Err(Diagnostics::error(
            format!("{what} was interrupted"),
            "It did not stop in time after the interrupt and was given up. What had been made by then is in the state.",
        )),
    }
}

/// Runs something that does not wait.
pub(super) fn run_now<T>(what: &str, operation: impl FnOnce() -> T) -> Result<T> {
    std::panic::catch_unwind(AssertUnwindSafe(operation)).map_err(|panic| panicked(what, &*panic))
}

fn panicked(what: &str, panic: &(dyn Any + Send)) -> Diagnostics {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    Diagnostics::error(
        format!("{what} failed unexpectedly"),
        format!(
            "The provider hit a condition it does not handle: {text}. This is a bug in the provider; please report \
             it with the log of TF_LOG_PROVIDER=debug. What had been made by then is in the state."
        ),
    )
}

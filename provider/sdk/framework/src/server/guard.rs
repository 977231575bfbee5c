//! Runs an operation so that nothing it does takes the process or the answer along: a panic becomes a
//! diagnostic, a deadline and an interrupt are enforced with some grace.

use std::future::Future;
use std::time::{Duration, Instant};

use futures::FutureExt;
use go_plugin::{CaughtPanic, catch_panic};
use tokio_util::sync::CancellationToken;
use tracing::error;

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
        result = catch_panic(operation) => result.unwrap_or_else(|panic| Err(panicked(what, &panic))),
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
    let outcome = catch_panic(async { operation() }).now_or_never();
    // A future without an await is ready at once.
    outcome.unwrap_or_else(|| Err(CaughtPanic::default())).map_err(|panic| panicked(what, &panic))
}

fn panicked(what: &str, panic: &CaughtPanic) -> Diagnostics {
    error!(panic = %panic, backtrace = panic.backtrace, "{what} panicked");
    Diagnostics::error(
        format!("{what} failed unexpectedly"),
        format!(
            "The provider hit a condition it does not handle: {panic}. This is a bug in the provider; please report \
             it with the log of TF_LOG_PROVIDER=debug. What had been made by then is in the state."
        ),
    )
}

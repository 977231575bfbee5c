//! The program that tflint starts: `tflint-ruleset-hybridops` in a directory of plugins.

use std::process::ExitCode;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    tflint_ruleset_hybridops::serve().await
}

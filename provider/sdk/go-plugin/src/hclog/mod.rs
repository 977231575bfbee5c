//! Log lines as hosts read them: hclog's JSON, one object a line, on standard error.

mod layer;
mod level;
mod line;

pub use layer::HclogLayer;
pub use level::level_from;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use crate::environment::Environment;

/// Libraries under us whose detail drowns everything else. Their warnings are kept.
const NOISY: [&str; 6] = ["h2", "hyper", "hyper_util", "rustls", "tonic", "tower"];

/// Starts logging to standard error at the level of the first of `variables` that is set; answers that level.
///
/// `module` is the first part of each line's `@module`. Where the level is off, nothing is installed and a log statement
/// costs one comparison. A subscriber that is already installed stays.
pub fn install_logging(env: &Environment, variables: &[&str], module: &str) -> LevelFilter {
    let level = level_from(env, variables);
    if level != LevelFilter::OFF {
        let quiet = level.min(LevelFilter::WARN);
        let targets = Targets::new().with_default(level).with_targets(NOISY.map(|target| (target, quiet)));
        let layer = HclogLayer::new(module, std::io::stderr()).with_filter(targets);
        // Whoever installed a subscriber before us wants it so.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
    }
    level
}

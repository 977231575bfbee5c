//! How much to say.

use tracing::level_filters::LevelFilter;

use crate::environment::Environment;

/// The level the first set variable names: `trace` to `error` in any case, or `json`, which hosts use for "trace, as
/// JSON". Anything else is off, as is no variable at all.
#[must_use]
pub fn level_from(env: &Environment, variables: &[&str]) -> LevelFilter {
    let value = variables.iter().find_map(|name| env.get(name));
    value.map_or(LevelFilter::OFF, |value| match value.trim().to_ascii_lowercase().as_str() {
        "trace" | "json" => LevelFilter::TRACE,
        "debug" => LevelFilter::DEBUG,
        "info" => LevelFilter::INFO,
        "warn" => LevelFilter::WARN,
        "error" => LevelFilter::ERROR,
        _ => LevelFilter::OFF,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_table() {
        let table = [
            ("TRACE", LevelFilter::TRACE),
            ("trace", LevelFilter::TRACE),
            ("JSON", LevelFilter::TRACE),
            ("Debug", LevelFilter::DEBUG),
            ("INFO", LevelFilter::INFO),
            (" warn ", LevelFilter::WARN),
            ("ERROR", LevelFilter::ERROR),
            ("OFF", LevelFilter::OFF),
            ("1", LevelFilter::OFF),
            ("", LevelFilter::OFF),
        ];
        for (value, level) in table {
            assert_eq!(level_from(&[("LOG", value)].into_iter().collect(), &["LOG"]), level, "{value:?}");
        }
        assert_eq!(level_from(&Environment::default(), &["LOG"]), LevelFilter::OFF);
    }

    #[test]
    fn the_first_set_variable_decides() {
        let names = ["LOG_MINE", "LOG_ALL"];
        let level = |variables: &[(&str, &str)]| level_from(&variables.iter().copied().collect(), &names);
        assert_eq!(level(&[("LOG_MINE", "error"), ("LOG_ALL", "trace")]), LevelFilter::ERROR);
        assert_eq!(level(&[("LOG_MINE", "off"), ("LOG_ALL", "trace")]), LevelFilter::OFF);
        assert_eq!(level(&[("LOG_MINE", ""), ("LOG_ALL", "info")]), LevelFilter::INFO);
    }
}

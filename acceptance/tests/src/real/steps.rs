//! What an apply spent its time on.

use std::sync::LazyLock;

use regex::Regex;

/// The steps that a provider's log tells: name, how many times, seconds in all; the longest first.
#[must_use]
pub fn steps(log: &str) -> Vec<(String, usize, f64)> {
    static STEP: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"\bstep=(?:"([^"]+)"|(\S+))"#).ok());
    static TOOK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bmilliseconds=(\d+)").ok());
    let mut found: Vec<(String, usize, f64)> = Vec::new();
    let (Some(step), Some(took)) = (STEP.as_ref(), TOOK.as_ref()) else { return found };
    for line in log.lines() {
        let (Some(name), Some(took)) = (step.captures(line), took.captures(line)) else { continue };
        let name = name.get(1).or(name.get(2)).map_or("", |name| name.as_str());
        let seconds = took[1].parse::<f64>().unwrap_or_default() / 1000.0;
        match found.iter_mut().find(|(known, ..)| known == name) {
            Some((_, times, sum)) => {
                *times += 1;
                *sum += seconds;
            }
            None => found.push((name.to_owned(), 1, seconds)),
        }
    }
    found.sort_by(|a, b| b.2.total_cmp(&a.2));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_summed() {
        let log = "x: begins: step=facts\nx: ended: step=facts milliseconds=500 ok=true\n\
                   x: ended: step=\"first backup\" milliseconds=2500\nx: ended: step=facts milliseconds=250";
        let expected = [("first backup".to_owned(), 1, 2.5), ("facts".to_owned(), 2, 0.75)];
        assert_eq!(steps(log), expected);
    }
}

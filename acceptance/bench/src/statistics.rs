//! Medians.

use std::time::Duration;

/// Measurements of one thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Adds a time in milliseconds.
    pub(crate) fn push_time(&mut self, time: Duration) {
        self.push(time.as_secs_f64() * 1000.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The middle value; the mean of the two in the middle where their number is even. Not a number where there are
    /// none.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match (sorted.get(middle), sorted.len() % 2) {
            (None, _) => f64::NAN,
            (Some(value), 1) => *value,
            (Some(value), _) => f64::midpoint(sorted[middle - 1], *value),
        }
    }

    pub(crate) fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::min)
    }

    pub(crate) fn greatest(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;

    #[test]
    fn medians() {
        assert!(Samples::default().median().is_nan());
        for (values, median) in [(&[3.0, 1.0, 2.0][..], 2.0), (&[4.0, 1.0, 2.0, 3.0], 2.5), (&[7.0], 7.0)] {
            let samples = Samples(values.to_vec());
            assert!((samples.median() - median).abs() < f64::EPSILON, "{values:?}");
        }
        let samples = Samples(vec![2.0, 1.0]);
        assert!(
            (samples.least() - 1.0).abs() < f64::EPSILON && (samples.greatest() - 2.0).abs() < f64::EPSILON
        );
    }
}

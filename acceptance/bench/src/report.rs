//! The figures, with the goals beside them.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::statistics::Samples;

/// One figure.
#[derive(Debug, Serialize)]
struct Figure {
    name: String,
    unit: &'static str,
    median: f64,
    least: f64,
    greatest: f64,
    runs: usize,
    /// What it must not exceed.
    goal: Option<f64>,
}

/// Everything measured, in order.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    figures: Vec<Figure>,
}

impl Figure {
    fn is_reached(&self) -> bool {
        self.goal.is_none_or(|goal| self.median <= goal)
    }
}

impl Report {
    /// Adds a figure, with what it must not exceed where there is a goal.
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        samples: &Samples,
        goal: Option<f64>,
    ) {
        self.figures.push(Figure {
            name: name.into(),
            unit,
            median: samples.median(),
            least: samples.least(),
            greatest: samples.greatest(),
            runs: samples.count(),
            goal,
        });
    }

    /// Writes the table.
    pub(crate) fn print(&self, out: &mut impl Write) -> Result<()> {
        let width = self.figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
        writeln!(out, "{:width$}  {:>10}  {:>21}  {:>4}  goal", "", "median", "least .. greatest", "runs")?;
        for figure in &self.figures {
            let range = format!("{:.2} .. {:.2}", figure.least, figure.greatest);
            let verdict = match figure.goal {
                None => String::new(),
                Some(goal) => {
                    format!(
                        "<= {goal} {}: {}",
                        figure.unit,
                        if figure.is_reached() { "reached" } else { "MISSED" }
                    )
                }
            };
            let (name, median, unit, runs) = (&figure.name, figure.median, figure.unit, figure.runs);
            writeln!(out, "{name:width$}  {median:>7.2} {unit:3}  {range:>20}  {runs:>4}  {verdict}")?;
        }
        Ok(())
    }

    /// Writes the JSON.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(path, serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }

    /// Whether every goal is reached.
    ///
    /// # Errors
    /// One is not; names those.
    pub(crate) fn all_reached(&self) -> Result<()> {
        let missed = self.figures.iter().filter(|figure| !figure.is_reached());
        let missed: Vec<&str> = missed.map(|figure| figure.name.as_str()).collect();
        if missed.is_empty() { Ok(()) } else { bail!("goals missed: {}", missed.join(", ")) }
    }
}

//! What the replay found.

use std::fmt;

/// What became of one exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Same status, reason and body.
    Equal,
    /// Different for a known reason.
    Explained(String),
    /// The stand-in does not serve it, or it follows from something it does not serve.
    NotServed(String),
    /// Different.
    Unexplained(Vec<String>),
}

/// One flow.
#[derive(Debug, Clone)]
pub struct FlowReport {
    /// Its name.
    pub flow: String,
    /// By exchange: request in short, verdict.
    pub exchanges: Vec<(String, Verdict)>,
}

/// All flows.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Flows replayed.
    pub flows: Vec<FlowReport>,
    /// Flows not served: name and number of exchanges.
    pub not_served: Vec<(String, usize)>,
}

impl FlowReport {
    fn count(&self, wanted: impl Fn(&Verdict) -> bool) -> usize {
        self.exchanges.iter().filter(|(_, v)| wanted(v)).count()
    }

    /// Exchanges answered alike.
    pub fn equal(&self) -> usize {
        self.count(|v| *v == Verdict::Equal)
    }

    /// Differences with a reason.
    pub fn explained(&self) -> usize {
        self.count(|v| matches!(v, Verdict::Explained(_)))
    }

    /// Exchanges not served.
    pub fn not_served(&self) -> usize {
        self.count(|v| matches!(v, Verdict::NotServed(_)))
    }

    /// Differences nobody explained.
    pub fn unexplained(&self) -> usize {
        self.count(|v| matches!(v, Verdict::Unexplained(_)))
    }
}

impl Report {
    /// Differences nobody explained.
    pub fn unexplained(&self) -> usize {
        self.flows.iter().map(FlowReport::unexplained).sum()
    }

    /// Exchanges answered alike.
    pub fn equal(&self) -> usize {
        self.flows.iter().map(FlowReport::equal).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for flow in &self.flows {
            for (index, (request, verdict)) in flow.exchanges.iter().enumerate() {
                if let Verdict::Unexplained(differences) = verdict {
                    writeln!(f, "{}#{index} {request}", flow.flow)?;
                    for difference in differences {
                        writeln!(f, "    {difference}")?;
                    }
                }
            }
        }
        writeln!(
            f,
            "{:22} {:>6} {:>9} {:>10} {:>11}",
            "flow", "equal", "explained", "not served", "unexplained"
        )?;
        let mut sums = [0; 4];
        for flow in &self.flows {
            let row = [flow.equal(), flow.explained(), flow.not_served(), flow.unexplained()];
            writeln!(f, "{:22} {:>6} {:>9} {:>10} {:>11}", flow.flow, row[0], row[1], row[2], row[3])?;
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        writeln!(f, "{:22} {:>6} {:>9} {:>10} {:>11}", "all", sums[0], sums[1], sums[2], sums[3])?;
        writeln!(f, "\nreasons:")?;
        let mut told: Vec<(String, String, usize)> = Vec::new();
        for flow in &self.flows {
            for (_, verdict) in &flow.exchanges {
                let (Verdict::Explained(reason) | Verdict::NotServed(reason)) = verdict else { continue };
                match told.iter_mut().find(|(n, r, _)| *n == flow.flow && r == reason) {
                    Some((_, _, count)) => *count += 1,
                    None => told.push((flow.flow.clone(), reason.clone(), 1)),
                }
            }
        }
        for (flow, reason, count) in told {
            writeln!(f, "  {flow}: {count} x {reason}")?;
        }
        for (flow, count) in &self.not_served {
            writeln!(f, "  {flow}: {count} exchanges not replayed")?;
        }
        Ok(())
    }
}

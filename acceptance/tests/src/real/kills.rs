//! Applying while the provider is killed, or its connection cut, at one command over SSH after the other.
//!
//! A kill before a command leaves a machine as a kill after the command before it does, so one chain has both: each run
//! is struck after the first command that no run before it was struck at, until a run has none.

use anyhow::{Result, bail};
use hybridops_lab::{Moment, RealGuests, Stop, Strike};

use crate::{Output, Workspace};

/// Where and how an apply is struck, again and again.
#[derive(Debug, Clone)]
pub struct Kills {
    /// Name of the machine; any where empty.
    pub target: String,
    /// Regular expression for the commands that are struck; any where empty.
    pub command: String,
    /// What happens there.
    pub strike: Strike,
    /// Which of how many parts of all commands are struck, counted from 0: runs with all of them strike at each.
    pub part: (u64, u64),
    /// No chain is longer: one that does not end is a failure.
    pub most: usize,
}

impl Default for Kills {
    fn default() -> Self {
        let (target, command) = Default::default();
        Self { target, command, strike: Strike::KillClient, part: (0, 1), most: 120 }
    }
}

impl Kills {
    /// Applies until nothing strikes any more; how often something did, and what the last apply said.
    ///
    /// # Errors
    /// The last apply fails, one that was struck succeeds, or there is no end.
    pub fn apply(&self, ws: &Workspace, real: &RealGuests) -> Result<(usize, Output)> {
        let doors = real.doors();
        doors.forget();
        let mut last = Vec::new();
        for kills in 0..self.most {
            doors.clear();
            doors.arm(Stop {
                target: self.target.clone(),
                command: self.command.clone(),
                fresh: true,
                part: self.part,
                moment: Moment::After,
                strike: self.strike,
                ..Stop::default()
            })?;
            let output = ws.apply();
            doors.release();
            let output = output?;
            let Some(struck) = doors.commands().into_iter().find(|command| command.struck) else {
                return Ok((kills, output.ok()?));
            };
            last.push(format!("{} … {}", struck.command, struck.end));
            // A cut connection may be made again; a process that is killed is dead.
            if self.strike == Strike::KillClient {
                output.fails()?;
            }
        }
        let last = last.split_off(last.len().saturating_sub(5)).join("\n- ");
        bail!("after {} kills there is no end; the last were at\n- {last}", self.most)
    }
}

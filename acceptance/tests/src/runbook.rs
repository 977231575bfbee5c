//! Runbooks of `docs/runbooks`, executed as they stand.

use std::io::Write as _;

use anyhow::{Context as _, Result, bail, ensure};

use crate::Workspace;
use crate::binaries::workspace_root;

/// A runbook: files to be written, and commands with what they must show, by the heading they stand under.
#[derive(Debug)]
pub struct Runbook {
    steps: Vec<(String, Step)>,
}

#[derive(Debug)]
enum Step {
    File { name: String, text: String },
    Command { arguments: Vec<String>, shows: Vec<String> },
}

impl Runbook {
    /// Reads one from `docs/runbooks`.
    ///
    /// # Errors
    /// It is not there, or is no runbook.
    pub fn read(name: &str) -> Result<Self> {
        let path = workspace_root().join("docs/runbooks").join(name);
        let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        let mut steps = Vec::new();
        let mut lines = text.lines();
        let mut heading = String::new();
        while let Some(line) = lines.next() {
            if let Some(text) = line.strip_prefix("## ") {
                text.clone_into(&mut heading);
            }
            let Some(info) = line.strip_prefix("```") else { continue };
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            match info.split_once(' ') {
                Some(("hcl", rest)) => {
                    let name = rest.strip_prefix("file=").context("a block without a file")?.to_owned();
                    steps.push((heading.clone(), Step::File { name, text: block.join("\n") + "\n" }));
                }
                _ if info == "console" => {
                    steps.extend(commands(&block)?.into_iter().map(|step| (heading.clone(), step)));
                }
                _ => bail!("{}: what is a block of {info:?}?", path.display()),
            }
        }
        ensure!(steps.iter().any(|(_, step)| matches!(step, Step::Command { .. })), "{name} has no command");
        Ok(Self { steps })
    }

    /// Writes and runs it all. `given` are the variables a reader would give.
    ///
    /// # Errors
    /// A command fails, or does not show what it must.
    pub fn run(&self, ws: &mut Workspace, given: &[(&str, String)]) -> Result<()> {
        give(ws, given);
        self.perform(ws, |_| true)
    }

    /// Does what stands under one heading.
    ///
    /// # Errors
    /// A command fails, or does not show what it must.
    pub fn part(&self, ws: &Workspace, heading: &str) -> Result<()> {
        ensure!(self.steps.iter().any(|(under, _)| under == heading), "there is nothing under {heading:?}");
        self.perform(ws, |under| under == heading)
    }

    fn perform(&self, ws: &Workspace, is_meant: impl Fn(&str) -> bool) -> Result<()> {
        for (_, step) in self.steps.iter().filter(|(heading, _)| is_meant(heading)) {
            match step {
                Step::File { name, text } => ws.write(name, text)?,
                Step::Command { arguments, shows } => {
                    let (command, rest) = arguments.split_first().context("a command")?;
                    // Options end where the first name stands.
                    let options: &[&str] = match command.as_str() {
                        "output" => &["-no-color"],
                        "apply" => &["-no-color", "-input=false", "-auto-approve"],
                        _ => &["-no-color", "-input=false"],
                    };
                    let mut arguments = vec![command.as_str()];
                    arguments.extend(options);
                    arguments.extend(rest.iter().map(String::as_str));
                    let mut output = ws.run(&arguments)?.ok()?;
                    for text in shows {
                        output = output.says(text)?;
                    }
                    let took = output.took.as_secs_f64();
                    writeln!(std::io::stderr(), "terraform {} took {took:.1} s", arguments.join(" "))?;
                }
            }
        }
        Ok(())
    }
}

fn commands(block: &[&str]) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ terraform "), steps.last_mut()) {
            (Some(command), _) => {
                let arguments = command.split_whitespace().map(str::to_owned).collect();
                steps.push(Step::Command { arguments, shows: Vec::new() });
            }
            (None, Some(Step::Command { shows, .. })) => shows.push((*line).to_owned()),
            _ => bail!("{line:?} is no command"),
        }
    }
    Ok(steps)
}

/// Gives variables their values for every run from here on.
pub fn give(ws: &mut Workspace, given: &[(&str, String)]) {
    for (name, value) in given {
        ws.set_env(&format!("TF_VAR_{name}"), value);
    }
}

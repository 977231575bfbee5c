//! Command lines of every process, watched while something is done.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::Process;

/// Watches the command lines of every process of this machine, those in containers included.
#[derive(Debug)]
pub struct CommandLines {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<BTreeSet<String>>>,
    watcher: Option<JoinHandle<()>>,
}

impl CommandLines {
    /// Begins.
    #[must_use]
    pub fn begin() -> Self {
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeSet::new())));
        let (ends, kept) = (Arc::clone(&stop), Arc::clone(&seen));
        let watcher = std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let lines: Vec<String> = Process::everyone().iter().map(Process::command_line).collect();
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend(lines);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Self { stop, seen, watcher: Some(watcher) }
    }

    /// Ends, and answers every command line that was seen.
    #[must_use]
    pub fn end(mut self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for CommandLines {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

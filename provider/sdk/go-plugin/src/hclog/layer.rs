//! The layer between `tracing` and the lines.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::line::{Fields, render};

/// Writes each event as one line of hclog JSON, with the fields of the spans around it; inner fields win.
pub struct HclogLayer<W> {
    module: String,
    writer: Mutex<W>,
}

impl<W: Write + Send + 'static> HclogLayer<W> {
    /// Lines go to `writer`, each in one write; `module` is the first part of `@module`.
    pub fn new(module: impl Into<String>, writer: W) -> Self {
        Self { module: module.into(), writer: Mutex::new(writer) }
    }
}

impl<S, W> Layer<S> for HclogLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write + Send + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let Some(span) = cx.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, cx: Context<'_, S>) {
        let Some(span) = cx.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            record.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in cx.event_scope(event).into_iter().flatten().collect::<Vec<_>>().into_iter().rev() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.values.extend(outer.values.clone());
            }
        }
        event.record(&mut fields);
        let line = render(&self.module, event.metadata(), SystemTime::now(), fields);
        // A log that cannot be written is no reason to fail.
        let _ = self.writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Keeps each write apart.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Writes {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").push(line.to_vec());
            Ok(line.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn log(events: impl FnOnce()) -> Vec<Value> {
        let writes = Writes::default();
        let layer = HclogLayer::new("provider", writes.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), events);
        let lines = writes.0.lock().expect("not poisoned").clone();
        lines
            .iter()
            .map(|line| {
                assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1, "one line a write");
                assert!(line.ends_with(b"\n") && line.len() < 64 << 10);
                serde_json::from_slice(line).expect("JSON")
            })
            .collect()
    }

    #[test]
    fn keys_of_an_event() {
        let lines = log(|| tracing::warn!(count = 3, ok = true, ratio = 0.5, name = "x", "hello {}", 1));
        let [line] = &lines[..] else { panic!("one line") };
        assert_eq!(line["@level"], "warn");
        assert_eq!(line["@message"], "hello 1");
        assert_eq!(line["@module"], "provider.go_plugin.hclog.layer.tests");
        assert_eq!(line["@timestamp"].as_str().map(str::len), Some(27));
        assert!(line["@caller"].as_str().is_some_and(|caller| caller.contains("layer.rs:")));
        assert_eq!(
            (&line["count"], &line["ok"], &line["ratio"], &line["name"]),
            (&3.into(), &true.into(), &0.5.into(), &"x".into())
        );
    }

    #[test]
    fn spans_give_their_fields_and_inner_ones_win() {
        let lines = log(|| {
            let outer = tracing::info_span!("outer", rpc = "Read", id = 1, late = tracing::field::Empty);
            let _outer = outer.enter();
            let _inner = tracing::info_span!("inner", id = 2).entered();
            outer.record("late", "now");
            tracing::info!("in both");
        });
        assert_eq!((&lines[0]["rpc"], &lines[0]["id"]), (&"Read".into(), &2.into()));
        assert_eq!(lines[0]["late"], "now");
    }

    #[test]
    fn message_and_level_are_always_text() {
        let lines = log(|| {
            tracing::info!(message = 5);
            tracing::info!(message = true);
            tracing::info!(count = 1);
            tracing::info!("@level" = 1, "@message" = 2, "@timestamp" = 3, "text");
        });
        for line in &lines {
            for key in ["@level", "@message", "@timestamp", "@module"] {
                assert!(line[key].is_string(), "{key} in {line}");
            }
        }
        assert_eq!(lines[0]["@message"], "5");
        assert_eq!(lines[3]["@message"], "text");
    }

    #[test]
    fn long_lines_are_cut_and_stay_json() {
        let long = "ä".repeat(100_000);
        let lines = log(|| {
            tracing::info!(long, "one long field");
            tracing::info!(a = long, b = long, c = long, d = long, e = long, "many long fields");
            tracing::info!("line\nfeed {long}");
        });
        assert!(lines[0]["long"].as_str().is_some_and(|text| text.contains("more bytes")));
        assert_eq!(
            (&lines[1]["@message"], &lines[1]["fields_dropped"]),
            (&"many long fields".into(), &5.into())
        );
        assert!(lines[2]["@message"].as_str().is_some_and(|text| text.starts_with("line\nfeed")));
    }
}

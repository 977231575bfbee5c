//! Lines as logrus writes them to the journal; what operators and tools search for.

use std::io::Write as _;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Writes one line to the error stream, where systemd takes it into the journal.
pub(crate) fn write(level: &str, message: &str) {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let now = now.format(&Rfc3339).unwrap_or_default();
    let quoted = serde_json::to_string(message).unwrap_or_default();
    let mut stream = std::io::stderr().lock();
    // Nowhere is left to say that the error stream is gone.
    let _ = writeln!(stream, "time=\"{now}\" level={level} msg={quoted}");
}

/// Something happened as it should.
pub(crate) fn info(message: impl AsRef<str>) {
    write("info", message.as_ref());
}

/// Something to look at.
pub(crate) fn warn(message: impl AsRef<str>) {
    write("warning", message.as_ref());
}

/// Something failed.
pub(crate) fn error(message: impl AsRef<str>) {
    write("error", message.as_ref());
}

/// The last line of a process that gives up.
pub(crate) fn fatal(message: impl AsRef<str>) {
    write("fatal", message.as_ref());
}

/// A line of output that is the answer to a command, not a log.
pub(crate) fn answer(text: impl AsRef<str>) {
    let mut stream = std::io::stdout().lock();
    let _ = writeln!(stream, "{}", text.as_ref());
}

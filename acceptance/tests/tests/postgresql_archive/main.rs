//! What must never happen to an archive: two clusters in one, a secret that can be read, a backup deleted that was not
//! shown. Real containers, the real PostgreSQL, the real WAL-G.

mod encryption;
mod guard;
mod retention;

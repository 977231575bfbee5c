//! `hybridops_postgresql_primary` through the real `terraform`: two real containers with PostgreSQL and systemd, the real
//! WAL-G, and a real S3 server (moto) that holds the archive and the epoch.

mod failover;
mod pair;
mod refusals;
mod switchover;
mod synchronous;

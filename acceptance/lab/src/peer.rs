//! Finds and kills the process at the other end of a loopback connection, as a crash would.

use std::net::SocketAddr;

/// Process that owns the client end of a connection, from `/proc`.
pub(crate) fn pid_of(client: SocketAddr, server: SocketAddr) -> Option<u32> {
    let table = if client.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" };
    let lines = std::fs::read_to_string(table).ok()?;
    let inode = lines.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let port = |field: &str| u16::from_str_radix(field.rsplit(':').next()?, 16).ok();
        let local = port(fields.get(1)?)?;
        let remote = port(fields.get(2)?)?;
        (local == client.port() && remote == server.port())
            .then(|| (*fields.get(9)?).parse::<u64>().ok())
            .flatten()
    })?;
    let wanted = format!("socket:[{inode}]");
    std::fs::read_dir("/proc").ok()?.filter_map(Result::ok).find_map(|process| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        let open = std::fs::read_dir(process.path().join("fd")).ok()?;
        open.filter_map(Result::ok)
            .filter_map(|fd| std::fs::read_link(fd.path()).ok())
            .any(|target| target.to_string_lossy() == wanted)
            .then_some(pid)
    })
}

/// Kills the client process at once. Never this process itself: in-process clients only lose their connection.
pub(crate) async fn kill(client: SocketAddr, server: SocketAddr) {
    let _ = tokio::task::spawn_blocking(move || kill_now(client, server)).await;
}

/// The same, blocking.
pub(crate) fn kill_now(client: SocketAddr, server: SocketAddr) {
    match pid_of(client, server) {
        Some(pid) if pid != std::process::id() => {
            let done = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
            if !matches!(done, Ok(status) if status.success()) {
                tracing::warn!("the client process could not be killed");
            }
        }
        Some(_) => tracing::debug!("the client is this process: only its connection is cut"),
        None => tracing::warn!(%client, "no process owns the client end"),
    }
}

//! Streams through a real OpenSSH server. Skipped aloud where there is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod support;

use std::time::Duration;

use support::{Keys, Server, free_port, kill};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use transport_ssh::{Budget, Machine, ShellError, TunnelError, Wrap};

macro_rules! server {
    ($keys:expr, $more:expr) => {
        match Server::start($keys, "host", $more) {
            Some(server) => server,
            None => return,
        }
    };
}

fn budget() -> Budget {
    Budget::within(Duration::from_secs(60))
}

/// Answers with what it is sent, in capitals, until the stream ends.
async fn shouter() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = vec![0; 8192];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    let said = buffer.get(..read).unwrap().to_ascii_uppercase();
                    if stream.write_all(&said).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    port
}

async fn ask(machine: &Machine, port: u16, text: &str) -> String {
    let mut tunnel = machine.tunnel("127.0.0.1", port, &budget()).await.unwrap();
    tunnel.write_all(text.as_bytes()).await.unwrap();
    tunnel.flush().await.unwrap();
    let mut answer = vec![0; text.len()];
    tunnel.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// More streams at once than OpenSSH allows sessions, one of them with more than a window of data, over one connection.
#[tokio::test]
async fn streams_share_the_connection_of_commands() {
    let keys = Keys::new();
    let server = server!(&keys, "MaxSessions 2");
    let port = shouter().await;
    let machine = Machine::new(keys.ssh().shell(&server.target(keys.pin("host"))));
    machine.check("saying hello", "echo hello", &[], Default::default(), &budget()).await.unwrap();
    let sessions = server.sessions();
    let asked = (0..20).map(|number| {
        let machine = machine.clone();
        async move { ask(&machine, port, &format!("stream {number}")).await }
    });
    let answers = futures::future::join_all(asked).await;
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(*answer, format!("STREAM {number}"));
    }
    let mut tunnel = machine.tunnel("127.0.0.1", port, &budget()).await.unwrap();
    let (mut read, mut write) = tokio::io::split(&mut tunnel);
    let sent = vec![b'x'; 5 << 20];
    let mut got = vec![0; sent.len()];
    let (sending, reading) = tokio::join!(write.write_all(&sent), read.read_exact(&mut got));
    sending.unwrap();
    reading.unwrap();
    assert!(got.iter().all(|byte| *byte == b'X'));
    assert_eq!(server.sessions(), sessions, "no other connection was made");
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_told_from_a_machine_that_forbids_it() {
    let keys = Keys::new();
    let port = free_port();
    let open = server!(&keys, "");
    let machine = Machine::new(keys.ssh().shell(&open.target(keys.pin("host"))));
    match machine.tunnel("127.0.0.1", port, &budget()).await {
        Err(TunnelError::Silent { address, .. }) => assert_eq!(address, format!("127.0.0.1:{port}")),
        other => panic!("{other:?}"),
    }
    let strict = server!(&keys, "AllowTcpForwarding no");
    let machine = Machine::new(keys.ssh().shell(&strict.target(keys.pin("host"))));
    match machine.tunnel("127.0.0.1", shouter().await, &budget()).await {
        Err(error @ TunnelError::Forbidden { .. }) => {
            assert!(error.to_string().contains("AllowTcpForwarding"));
        }
        other => panic!("{other:?}"),
    }
    let inside = machine.within(Wrap::Container(100));
    let refused = inside.tunnel("127.0.0.1", port, &budget()).await;
    assert!(matches!(refused, Err(TunnelError::Unsupported { .. })), "{refused:?}");
}

/// A connection that died in between is made again; one that is cut ends the streams through it.
#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let keys = Keys::new();
    let server = server!(&keys, "");
    let port = shouter().await;
    let machine = Machine::new(keys.ssh().shell(&server.target(keys.pin("host"))));
    let mut tunnel = machine.tunnel("127.0.0.1", port, &budget()).await.unwrap();
    for session in server.sessions() {
        kill(session);
    }
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), tunnel.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the stream ends with its connection");
    assert_eq!(ask(&machine, port, "again").await, "AGAIN");
}

#[tokio::test]
async fn the_budget_holds() {
    let keys = Keys::new();
    let server = server!(&keys, "");
    let machine = Machine::new(keys.ssh().shell(&server.target(keys.pin("host"))));
    let budget = budget();
    budget.cancel.cancel();
    let refused = machine.tunnel("127.0.0.1", 1, &budget).await;
    assert!(matches!(refused, Err(TunnelError::Shell(ShellError::Interrupted { .. }))), "{refused:?}");
}

//! Further connections between host and plugin, told by id over one stream.
//!
//! The host opens a listener for a service of its own, sends the listener's address under an id, and passes the id in
//! some request; the plugin dials.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::stream::{Stream, StreamExt as _};
use hyper_util::rt::TokioIo;
use tfplugin_proto::plugin::ConnInfo;
use tfplugin_proto::plugin::grpc_broker_server::{GrpcBroker, GrpcBrokerServer};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status, Streaming};

use crate::address::Address;
use crate::listen::{self, BoxedIo};
use crate::tls::Session;

/// How long an id may be unknown before dialling it fails; go-plugin waits as long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the host cannot be dialled.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The host told no address under this id.
    #[error("the host told no address for connection {id} within {} s", PATIENCE.as_secs())]
    Unknown {
        /// The id asked for.
        id: u32,
    },
    /// The host's address makes no sense here.
    #[error("the host told {network} {address} for connection {id}, which cannot be dialled")]
    Address {
        /// The id asked for.
        id: u32,
        /// What the host wrote.
        network: String,
        /// What the host wrote.
        address: String,
    },
    /// The connection failed.
    #[error("connection {id} to the host failed")]
    Connect {
        /// The id asked for.
        id: u32,
        /// What went wrong.
        source: tonic::transport::Error,
    },
}

/// The plugin's side of the broker. Clones share what the host has told.
#[derive(Clone)]
pub struct Broker {
    told: Arc<Told>,
    session: Option<Arc<Session>>,
    stopping: CancellationToken,
}

#[derive(Default)]
struct Told {
    connections: Mutex<HashMap<u32, ConnInfo>>,
    changed: Notify,
}

// === impl Broker ===

impl Broker {
    pub(crate) fn new(session: Option<Arc<Session>>, stopping: CancellationToken) -> Self {
        Self { told: Arc::default(), session, stopping }
    }

    pub(crate) fn server(&self) -> GrpcBrokerServer<Self> {
        GrpcBrokerServer::new(self.clone())
    }

    /// The address the host tells under an id, waiting for it where it is not told yet. An id is good for one call.
    ///
    /// # Errors
    /// The host tells none in time, or one that cannot be dialled from here.
    pub async fn address(&self, id: u32) -> Result<Address, BrokerError> {
        let told = tokio::time::timeout(PATIENCE, self.told.take(id));
        let ConnInfo { network, address, .. } = told.await.map_err(|_| BrokerError::Unknown { id })?;
        Address::parse(&network, &address).ok_or(BrokerError::Address { id, network, address })
    }

    /// Connects to the service the host offers under an id. An id is good for one call.
    ///
    /// # Errors
    /// The host tells no usable address, or the connection fails.
    pub async fn dial(&self, id: u32) -> Result<Channel, BrokerError> {
        let address = Arc::new(self.address(id).await?);
        let session = self.session.clone();
        let connector = tower::service_fn(move |_| {
            let (address, session) = (Arc::clone(&address), session.clone());
            async move { connect(&address, session.as_deref()).await.map(TokioIo::new) }
        });
        // The name is only seen by the host's HTTP layer.
        Endpoint::from_static("http://localhost")
            .connect_with_connector(connector)
            .await
            .map_err(|source| BrokerError::Connect { id, source })
    }
}

async fn connect(address: &Address, session: Option<&Session>) -> Result<BoxedIo, tonic::codegen::StdError> {
    let io = listen::dial(address).await?;
    Ok(match session {
        None => io,
        Some(session) => Box::new(session.connect(io).await?),
    })
}

#[tonic::async_trait]
impl GrpcBroker for Broker {
    type StartStreamStream = Pin<Box<dyn Stream<Item = Result<ConnInfo, Status>> + Send>>;

    /// Takes down what the host tells until it hangs up. We offer no services of our own, so nothing is sent.
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let told = Arc::clone(&self.told);
        let listening = request.into_inner().filter_map(move |message| {
            let told = Arc::clone(&told);
            async move {
                match message {
                    Ok(connection) => {
                        told.put(connection);
                        None
                    }
                    Err(status) => Some(Err(status)),
                }
            }
        });
        Ok(Response::new(Box::pin(listening.take_until(self.stopping.clone().cancelled_owned()))))
    }
}

// === impl Told ===

impl Told {
    fn put(&self, connection: ConnInfo) {
        // A knock belongs to multiplexing, which we decline; it carries no address.
        if connection.knock.is_some() {
            return;
        }
        self.connections().insert(connection.service_id, connection);
        self.changed.notify_waiters();
    }

    async fn take(&self, id: u32) -> ConnInfo {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, lest the word fall between.
            changed.as_mut().enable();
            if let Some(connection) = self.connections().remove(&id) {
                return connection;
            }
            changed.await;
        }
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, HashMap<u32, ConnInfo>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(service_id: u32, network: &str, address: &str) -> ConnInfo {
        ConnInfo { service_id, network: network.to_owned(), address: address.to_owned(), knock: None }
    }

    fn broker() -> Broker {
        Broker::new(None, CancellationToken::new())
    }

    #[tokio::test(start_paused = true)]
    async fn told_before_and_after_asking() {
        let broker = broker();
        broker.told.put(told(1, "unix", "/tmp/one"));
        assert_eq!(broker.address(1).await.expect("told"), Address::Unix("/tmp/one".into()));
        let (address, ()) = tokio::join!(broker.address(2), async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            broker.told.put(told(3, "tcp", "127.0.0.1:3"));
            broker.told.put(told(2, "tcp", "127.0.0.1:2"));
        });
        assert_eq!(address.expect("told"), Address::Tcp(([127, 0, 0, 1], 2).into()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_id_is_good_for_one_call() {
        let broker = broker();
        broker.told.put(told(1, "unix", "/tmp/one"));
        assert!(broker.address(1).await.is_ok());
        assert!(matches!(broker.address(1).await, Err(BrokerError::Unknown { id: 1 })));
    }

    #[tokio::test]
    async fn strange_addresses_are_refused() {
        let broker = broker();
        for (network, address) in [("udp", "127.0.0.1:1"), ("tcp", "somewhere"), ("", "")] {
            broker.told.put(told(1, network, address));
            assert!(
                matches!(broker.address(1).await, Err(BrokerError::Address { .. })),
                "{network} {address}"
            );
        }
    }
}

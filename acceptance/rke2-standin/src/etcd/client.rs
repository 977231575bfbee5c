//! A client of etcd over its JSON gateway, which every member serves beside gRPC.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt as _};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::message::{
    Event, KeyValue, Line, Member, Members, RangeAnswer, RangeRequest, RawStatus, Refusal, SnapshotPart,
    Status, WatchAnswer, Written,
};

/// A call of etcd failed.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum EtcdError {
    /// etcd answered, and refused.
    #[error("{0}")]
    Refused(String),
    /// The key stands at another revision.
    #[error("the key is at another revision")]
    Conflict,
    /// The revision asked for is gone.
    #[error("etcdserver: mvcc: required revision has been compacted")]
    Compacted,
    /// No member answered.
    #[error("no etcd answers: {0}")]
    Unreachable(String),
}

/// By what a client proves who it is, as PEM.
#[derive(Clone)]
pub(crate) struct EtcdTls {
    pub(crate) ca: String,
    pub(crate) certificate: String,
    pub(crate) key: String,
}

struct Inner {
    quick: reqwest::Client,
    endpoints: Vec<String>,
    current: AtomicUsize,
}

/// Speaks to the members at some endpoints, the one that answered last first.
#[derive(Clone)]
pub(crate) struct EtcdClient {
    inner: Arc<Inner>,
}

const TIMEOUT: Duration = Duration::from_secs(10);

impl EtcdClient {
    /// A client of these endpoints (`https://10.0.0.11:2379`).
    pub(crate) fn new(endpoints: Vec<String>, tls: &EtcdTls) -> Result<Self, EtcdError> {
        let unusable = |error: reqwest::Error| EtcdError::Unreachable(cause(&error));
        let ca = reqwest::Certificate::from_pem(tls.ca.as_bytes()).map_err(unusable)?;
        let identity = format!("{}\n{}", tls.certificate, tls.key);
        let identity = reqwest::Identity::from_pem(identity.as_bytes()).map_err(unusable)?;
        let quick = reqwest::Client::builder()
            .tls_certs_only([ca])
            .identity(identity)
            .http1_only()
            .no_proxy()
            .connect_timeout(Duration::from_secs(2))
            .build()
            .map_err(unusable)?;
        Ok(Self { inner: Arc::new(Inner { quick, endpoints, current: AtomicUsize::new(0) }) })
    }

    /// Asks one member after the other until one is there. A refusal is an answer.
    async fn send(
        &self,
        path: &str,
        body: &Value,
        limit: Option<Duration>,
    ) -> Result<reqwest::Response, EtcdError> {
        let mut last = EtcdError::Unreachable("no endpoint is known".to_owned());
        let first = self.inner.current.load(Ordering::Relaxed);
        for turn in 0..self.inner.endpoints.len() {
            let index = (first + turn) % self.inner.endpoints.len();
            let Some(endpoint) = self.inner.endpoints.get(index) else { continue };
            let mut request = self.inner.quick.post(format!("{endpoint}{path}")).json(body);
            if let Some(limit) = limit {
                request = request.timeout(limit);
            }
            match request.send().await {
                Ok(response) => {
                    self.inner.current.store(index, Ordering::Relaxed);
                    return Ok(response);
                }
                Err(error) => last = EtcdError::Unreachable(cause(&error)),
            }
        }
        Err(last)
    }

    async fn call<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, EtcdError> {
        let response = self.send(path, body, Some(TIMEOUT)).await?;
        let good = response.status().is_success();
        let bytes = response.bytes().await.map_err(|error| EtcdError::Unreachable(cause(&error)))?;
        if good {
            return serde_json::from_slice(&bytes).map_err(|error| {
                EtcdError::Unreachable(format!("{path} answered no etcd message: {error}"))
            });
        }
        let refusal: Refusal = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = if refusal.message.is_empty() { refusal.error } else { refusal.message };
        if text.contains("compacted") {
            return Err(EtcdError::Compacted);
        }
        Err(EtcdError::Refused(if text.is_empty() {
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            text
        }))
    }

    /// Keys in a range.
    pub(crate) async fn range(&self, range: &RangeRequest) -> Result<RangeAnswer, EtcdError> {
        self.call("/v3/kv/range", &json!(range)).await
    }

    /// One key.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<KeyValue>, EtcdError> {
        let range = RangeRequest { key: key.into(), ..RangeRequest::default() };
        Ok(self.range(&range).await?.kvs.into_iter().next())
    }

    /// Every key that begins so.
    pub(crate) async fn prefix(&self, prefix: &str) -> Result<Vec<KeyValue>, EtcdError> {
        let range = RangeRequest {
            key: prefix.into(),
            range_end: end_of(prefix.as_bytes()),
            ..RangeRequest::default()
        };
        Ok(self.range(&range).await?.kvs)
    }

    /// Writes a key, whatever stands there.
    pub(crate) async fn put(&self, key: &str, value: &[u8]) -> Result<i64, EtcdError> {
        let body = json!({ "key": STANDARD.encode(key), "value": STANDARD.encode(value) });
        Ok(self.call::<Written>("/v3/kv/put", &body).await?.header.revision)
    }

    /// Deletes a key, whatever stands there.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), EtcdError> {
        self.call::<Value>("/v3/kv/deleterange", &json!({ "key": STANDARD.encode(key) })).await.map(|_| ())
    }

    /// Writes a key that stands at a revision, 0 for a key that is not there.
    pub(crate) async fn put_at(&self, key: &str, value: &[u8], expected: i64) -> Result<i64, EtcdError> {
        let write = json!({ "requestPut": { "key": STANDARD.encode(key), "value": STANDARD.encode(value) } });
        self.when_at(key, expected, &write).await
    }

    /// Deletes a key that stands at a revision.
    pub(crate) async fn delete_at(&self, key: &str, expected: i64) -> Result<i64, EtcdError> {
        self.when_at(key, expected, &json!({ "requestDeleteRange": { "key": STANDARD.encode(key) } })).await
    }

    async fn when_at(&self, key: &str, expected: i64, write: &Value) -> Result<i64, EtcdError> {
        let body = json!({
            "compare": [{ "key": STANDARD.encode(key), "target": "MOD", "result": "EQUAL", "modRevision": expected.to_string() }],
            "success": [write],
        });
        let written: Written = self.call("/v3/kv/txn", &body).await?;
        if written.succeeded { Ok(written.header.revision) } else { Err(EtcdError::Conflict) }
    }

    /// Everything that happens to keys that begin so, from a revision on.
    pub(crate) async fn watch(
        &self,
        prefix: &str,
        from: i64,
    ) -> Result<BoxStream<'static, Result<Vec<Event>, EtcdError>>, EtcdError> {
        let body = json!({ "create_request": {
            "key": STANDARD.encode(prefix), "range_end": STANDARD.encode(end_of(prefix.as_bytes())),
            "start_revision": from.to_string(), "prev_kv": true,
        } });
        let response = self.send("/v3/watch", &body, None).await?;
        Ok(lines::<WatchAnswer>(response)
            .map(|line| {
                let answer = line?;
                if answer.compact_revision > 0 {
                    return Err(EtcdError::Compacted);
                }
                if answer.canceled {
                    return Err(EtcdError::Refused(answer.cancel_reason));
                }
                Ok(answer.events)
            })
            .boxed())
    }

    /// The bytes of a snapshot, the trailing SHA-256 with them.
    pub(crate) async fn snapshot(&self) -> Result<BoxStream<'static, Result<Vec<u8>, EtcdError>>, EtcdError> {
        let response = self.send("/v3/maintenance/snapshot", &json!({}), None).await?;
        Ok(lines::<SnapshotPart>(response).map(|line| Ok(line?.blob)).boxed())
    }

    /// How the member behind the first endpoint is.
    pub(crate) async fn status(&self) -> Result<Status, EtcdError> {
        Ok(self.call::<RawStatus>("/v3/maintenance/status", &json!({})).await?.into())
    }

    /// All members.
    pub(crate) async fn members(&self) -> Result<Vec<Member>, EtcdError> {
        Ok(self.call::<Members>("/v3/cluster/member/list", &json!({})).await?.members)
    }

    /// Adds a learner.
    pub(crate) async fn add_learner(&self, peer_url: &str) -> Result<(), EtcdError> {
        let body = json!({ "peerURLs": [peer_url], "isLearner": true });
        self.call::<Value>("/v3/cluster/member/add", &body).await.map(|_| ())
    }

    /// Makes a learner a voter; refused while it is behind.
    pub(crate) async fn promote(&self, member: u64) -> Result<(), EtcdError> {
        self.call::<Value>("/v3/cluster/member/promote", &json!({ "ID": member.to_string() }))
            .await
            .map(|_| ())
    }

    /// Gives a member another address.
    pub(crate) async fn update_member(&self, member: u64, peer_url: &str) -> Result<(), EtcdError> {
        let body = json!({ "ID": member.to_string(), "peerURLs": [peer_url] });
        self.call::<Value>("/v3/cluster/member/update", &body).await.map(|_| ())
    }

    /// Removes a member.
    pub(crate) async fn remove_member(&self, member: u64) -> Result<(), EtcdError> {
        self.call::<Value>("/v3/cluster/member/remove", &json!({ "ID": member.to_string() }))
            .await
            .map(|_| ())
    }
}

/// The first key behind all that begin so.
pub(super) fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    vec![0]
}

/// The lines of a streamed answer, each a message.
fn lines<T: DeserializeOwned + Send + 'static>(
    response: reqwest::Response,
) -> impl futures::Stream<Item = Result<T, EtcdError>> + Send {
    let chunks = response.bytes_stream().boxed();
    stream::unfold((chunks, BytesMut::new(), false), |(mut chunks, mut held, ended)| async move {
        if ended {
            return None;
        }
        loop {
            if let Some(at) = held.iter().position(|byte| *byte == b'\n') {
                let line = held.split_to(at + 1).freeze();
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Some((message(&line), (chunks, held, false)));
            }
            match chunks.next().await {
                Some(Ok(chunk)) => held.extend_from_slice(&chunk),
                Some(Err(error)) => {
                    return Some((Err(EtcdError::Unreachable(cause(&error))), (chunks, held, true)));
                }
                None if held.is_empty() => return None,
                None => {
                    let rest = held.split().freeze();
                    return Some((message(&rest), (chunks, held, true)));
                }
            }
        }
    })
}

fn message<T: DeserializeOwned>(line: &Bytes) -> Result<T, EtcdError> {
    let line: Line<T> = serde_json::from_slice(line)
        .map_err(|error| EtcdError::Unreachable(format!("a stream of etcd is broken: {error}")))?;
    match (line.result, line.error) {
        (Some(result), _) => Ok(result),
        (None, error) => Err(EtcdError::Refused(error.unwrap_or_default().to_string())),
    }
}

/// The innermost reason of a failed request, in the words upstream's journal has for it.
pub(crate) fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    for (ours, theirs) in [
        ("Connection refused", "connect: connection refused"),
        (
            "certificate expired",
            "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
        ),
        ("UnknownIssuer", "tls: failed to verify certificate: x509: certificate signed by unknown authority"),
        ("Host is unreachable", "connect: no route to host"),
    ] {
        if text.contains(ours) {
            return theirs.to_owned();
        }
    }
    text
}

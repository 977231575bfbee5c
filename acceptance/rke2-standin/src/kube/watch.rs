//! Watches: what was and what comes, one JSON document a line, with bookmarks
//! (apiserver/pkg/endpoints/handlers/watch.go and pkg/storage/cacher).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::api::{Kube, ListQuery};
use super::hub::{Event, News};
use super::kinds::Kind;
use super::objects::{self, list, text};
use super::request::Query;
use super::status::{ApiResult, Status};
use super::tables;

/// Upstream sends a bookmark every minute, and one shortly before a watch ends.
const BOOKMARKS: Duration = Duration::from_secs(60);
const LONGEST: i64 = 1800;

struct Watcher {
    kind: Arc<Kind>,
    prefix: String,
    query: ListQuery,
    as_table: bool,
    bookmarks: bool,
    pending: VecDeque<Value>,
    live: Receiver<News>,
    revision: i64,
    next_bookmark: Instant,
    end: Instant,
    ended: bool,
}

/// A watch on objects of one type.
pub(crate) async fn open(
    kube: &Arc<Kube>,
    kind: Arc<Kind>,
    namespace: Option<&str>,
    query: &Query,
    as_table: bool,
) -> ApiResult<Response> {
    let select = query.list(&kind)?;
    let asked = query.get("resourceVersion");
    let initial = query.is_true("sendInitialEvents");
    let mut pending = VecDeque::new();
    let after = if asked.is_empty() || asked == "0" || initial {
        // Without a revision a watch begins with what there is, as additions.
        let everything = ListQuery { limit: 0, proceed: None, ..select.clone() };
        let found = kube.list(&kind, namespace, &everything).await?;
        let revision: i64 = text(&found, &["metadata", "resourceVersion"]).parse().unwrap_or_default();
        if asked.is_empty() || asked == "0" || initial {
            pending.extend(
                list(&found, &["items"]).iter().map(|object| json!({ "type": "ADDED", "object": object })),
            );
        }
        if initial && query.is_true("allowWatchBookmarks") {
            let mut mark = bookmark(&kind, revision);
            mark["object"]["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
            pending.push_back(mark);
        }
        kube.hub.catch_up(revision).await;
        revision
    } else {
        asked.parse().map_err(|_| Status::bad_request(format!("invalid resource version \"{asked}\"")))?
    };
    let subscription = kube.hub.subscribe(after).ok_or_else(|| too_old(after))?;
    let seconds = query.number("timeoutSeconds").filter(|seconds| *seconds > 0).unwrap_or(LONGEST);
    let now = Instant::now();
    let mut watcher = Watcher {
        prefix: kind.key_prefix(namespace),
        query: select,
        as_table,
        bookmarks: query.is_true("allowWatchBookmarks"),
        pending,
        live: subscription.live,
        revision: after.max(0),
        next_bookmark: now + BOOKMARKS,
        end: now + Duration::from_secs(seconds.unsigned_abs()),
        ended: false,
        kind,
    };
    for event in subscription.past {
        watcher.take(&event);
    }
    let lines = futures::stream::unfold(watcher, |mut watcher| async move {
        let line = watcher.next().await?;
        Some((Ok::<Bytes, Infallible>(Bytes::from(line.to_string() + "\n")), watcher))
    });
    let mut response = Response::new(Body::from_stream(lines));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    Ok(response)
}

fn too_old(revision: i64) -> Status {
    Status::expired(format!("too old resource version: {revision}"))
}

fn bookmark(kind: &Kind, revision: i64) -> Value {
    json!({ "type": "BOOKMARK", "object": {
        "kind": kind.kind, "apiVersion": kind.api_version(),
        "metadata": { "resourceVersion": revision.to_string(), "creationTimestamp": null },
    } })
}

impl Watcher {
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(self.shown(event));
            }
            if self.ended {
                return None;
            }
            tokio::select! {
                news = self.live.recv() => match news {
                    Ok(News::Event(event)) => self.take(&event),
                    Ok(News::Reset) | Err(RecvError::Lagged(_)) => {
                        self.ended = true;
                        return Some(json!({ "type": "ERROR", "object": too_old(self.revision).object() }));
                    }
                    Err(RecvError::Closed) => return None,
                },
                () = tokio::time::sleep_until(self.next_bookmark), if self.bookmarks => {
                    self.next_bookmark += BOOKMARKS;
                    return Some(bookmark(&self.kind, self.revision));
                }
                () = tokio::time::sleep_until(self.end) => {
                    self.ended = true;
                    if self.bookmarks {
                        return Some(bookmark(&self.kind, self.revision));
                    }
                    return None;
                }
            }
        }
    }

    fn matches(&self, object: Option<&Arc<Value>>) -> bool {
        object.is_some_and(|object| {
            self.query.labels.matches(objects::labels(object)) && self.query.fields.matches(object)
        })
    }

    /// An object that comes into the selection is added, one that leaves it is deleted.
    fn take(&mut self, event: &Event) {
        if event.revision <= self.revision {
            return;
        }
        self.revision = event.revision;
        if !event.key.starts_with(&self.prefix) {
            return;
        }
        let (before, after) = (self.matches(event.previous.as_ref()), self.matches(event.object.as_ref()));
        let (kind, object) = match (before, after) {
            (false, true) => ("ADDED", event.object.as_ref()),
            (true, true) => ("MODIFIED", event.object.as_ref()),
            (true, false) => ("DELETED", event.previous.as_ref()),
            (false, false) => return,
        };
        let Some(object) = object else { return };
        let mut object = Value::clone(object);
        object["apiVersion"] = json!(self.kind.api_version());
        // What is deleted is shown as it last was, at the revision of its deletion.
        objects::set(&mut object, &["metadata", "resourceVersion"], json!(event.revision.to_string()));
        self.pending.push_back(json!({ "type": kind, "object": object }));
    }

    fn shown(&self, mut event: Value) -> Value {
        if self.as_table && event["type"] != "BOOKMARK" && event["type"] != "ERROR" {
            let object = event["object"].take();
            event["object"] = tables::table(&self.kind, std::slice::from_ref(&object), &json!({}));
        }
        event
    }
}

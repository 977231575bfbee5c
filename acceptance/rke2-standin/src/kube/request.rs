//! What a request is about: its path and its query (apiserver/pkg/endpoints/request/requestinfo.go).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::api::{ListQuery, WriteOptions};
use super::kinds::{Kind, Kinds};
use super::selectors::{Fields, Labels};
use super::status::{ApiResult, Status};

/// Objects a request names.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) kind: Arc<Kind>,
    /// None: all namespaces, or an object of the cluster.
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

/// Splits `/api/v1/…` or `/apis/group/version/…` into group, version and the rest.
pub(crate) fn group_version(path: &str) -> Option<(&str, &str, Vec<&str>)> {
    let mut parts = path.trim_matches('/').split('/');
    let (group, version) = match parts.next()? {
        "api" => ("", parts.next()?),
        "apis" => (parts.next()?, parts.next()?),
        _ => return None,
    };
    Some((group, version, parts.collect()))
}

impl Target {
    pub(crate) fn read(kinds: &Kinds, path: &str) -> ApiResult<Target> {
        let (group, version, rest) = group_version(path).ok_or_else(Status::no_such_path)?;
        let kind = |resource: &str| kinds.at(group, version, resource).ok_or_else(Status::no_such_path);
        let owned = |text: &str| Some(text.to_owned());
        let target = match rest.as_slice() {
            // Subresources of a namespace come before the objects in it.
            ["namespaces", name, subresource @ ("status" | "finalize")] if group.is_empty() => Target {
                kind: kind("namespaces")?,
                namespace: None,
                name: owned(name),
                subresource: owned(subresource),
            },
            ["namespaces", namespace, resource, rest @ ..] => {
                let target = Target {
                    kind: kind(resource)?,
                    namespace: owned(namespace),
                    name: rest.first().and_then(|name| owned(name)),
                    subresource: rest.get(1).and_then(|subresource| owned(subresource)),
                };
                if !target.kind.namespaced || rest.len() > 2 {
                    return Err(Status::no_such_path());
                }
                target
            }
            [resource] => Target { kind: kind(resource)?, namespace: None, name: None, subresource: None },
            [resource, name, rest @ ..] if rest.len() < 2 => {
                let kind = kind(resource)?;
                if kind.namespaced {
                    return Err(Status::no_such_path());
                }
                Target {
                    kind,
                    namespace: None,
                    name: owned(name),
                    subresource: rest.first().and_then(|subresource| owned(subresource)),
                }
            }
            _ => return Err(Status::no_such_path()),
        };
        match &target.subresource {
            Some(subresource) if !target.kind.has(subresource) => Err(Status::no_such_path()),
            _ => Ok(target),
        }
    }
}

/// The query of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    pub(crate) fn read(query: Option<&str>) -> Query {
        Query(
            query
                .unwrap_or_default()
                .split('&')
                .filter_map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (!key.is_empty()).then(|| (decode(key), decode(value)))
                })
                .collect(),
        )
    }

    pub(crate) fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub(crate) fn is_true(&self, key: &str) -> bool {
        matches!(self.get(key), "true" | "1" | "True")
    }

    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        self.get(key).parse().ok()
    }

    pub(crate) fn list(&self, kind: &Kind) -> ApiResult<ListQuery> {
        Ok(ListQuery {
            labels: Labels::parse(self.get("labelSelector"))?,
            fields: Fields::parse(&kind.resource, self.get("fieldSelector"))?,
            limit: self.number("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0),
            proceed: Some(self.get("continue")).filter(|token| !token.is_empty()).map(str::to_owned),
        })
    }

    /// Without `fieldManager` the name of the program counts (managedfields: user agent up to the slash).
    pub(crate) fn write(&self, user_agent: &str, subresource: Option<&str>) -> WriteOptions {
        let manager = match self.get("fieldManager") {
            "" => user_agent.split(['/', ' ']).next().filter(|name| !name.is_empty()).unwrap_or("unknown"),
            given => given,
        };
        WriteOptions {
            manager: manager.to_owned(),
            dry_run: self.get("dryRun") == "All",
            subresource: subresource.unwrap_or_default().to_owned(),
        }
    }
}

/// Percent and plus decoding.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let hex = behind.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts = (String, Option<String>, Option<String>, Option<String>);

    fn target(path: &str) -> Option<Parts> {
        let target = Target::read(&Kinds::new(), path).ok()?;
        Some((target.kind.kind.clone(), target.namespace, target.name, target.subresource))
    }

    #[test]
    fn paths_name_objects() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(target("/api/v1/nodes/a/status"), Some(("Node".into(), None, some("a"), some("status"))));
        assert_eq!(
            target("/api/v1/namespaces/x/pods/p/eviction"),
            Some(("Pod".into(), some("x"), some("p"), some("eviction")))
        );
        assert_eq!(
            target("/api/v1/namespaces/x/finalize"),
            Some(("Namespace".into(), None, some("x"), some("finalize")))
        );
        assert_eq!(target("/api/v1/namespaces/x"), Some(("Namespace".into(), None, some("x"), None)));
        assert_eq!(target("/apis/apps/v1/deployments"), Some(("Deployment".into(), None, None, None)));
        assert_eq!(target("/api/v1/pods/p"), None);
        assert_eq!(target("/api/v1/namespaces/x/nodes"), None);
        assert_eq!(target("/api/v1/nodes/a/exec"), None);
    }

    #[test]
    fn queries_are_decoded() {
        let query = Query::read(Some("labelSelector=a%3Db%2Cc&dryRun=All&x=a+b"));
        assert_eq!(query.get("labelSelector"), "a=b,c");
        assert_eq!(query.get("x"), "a b");
        assert!(query.write("kubectl/v1.20 (linux)", None).dry_run);
        assert_eq!(query.write("kubectl/v1.20 (linux)", None).manager, "kubectl");
    }
}

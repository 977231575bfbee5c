//! The keys of WAL-G's configuration that we know.
//!
//! WAL-G only warns about a key it does not know: a typo in the name of an encryption key would make backups that
//! everyone can read. So nothing is written that does not stand here.

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its name.
    pub(crate) name: &'static str,
    /// Who sets it.
    pub(crate) owner: Owner,
    /// What its value looks like.
    pub(crate) kind: Kind,
}

/// Who sets a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// This attribute.
    Attribute(&'static str),
    /// The provider, for this reason.
    Provider(&'static str),
    /// `settings`.
    User,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// Text nobody may see.
    Secret,
    /// A whole number that is not negative.
    Number,
    /// `true` or `false`.
    Flag,
    /// A duration as Go writes it, `1m30s`.
    Duration,
}

const STORAGE: Owner = Owner::Attribute("backup.storage");
const CREDENTIALS: Owner = Owner::Attribute("backup.credentials");
const ENCRYPTION: Owner = Owner::Attribute("backup.encryption");
const LIMITS: Owner = Owner::Attribute("backup.limits");
const SERVER: Owner = Owner::Provider("it is read from the instance");
const PLAIN: Owner = Owner::Provider("a key file would be a second place for the key");

const fn key(name: &'static str, owner: Owner, kind: Kind) -> Key {
    Key { name, owner, kind }
}

/// Every key we know, by name.
pub(crate) const KEYS: &[Key] = &[
    key("AWS_ACCESS_KEY_ID", CREDENTIALS, Kind::Secret),
    key("AWS_ENDPOINT", STORAGE, Kind::Text),
    key("AWS_REGION", STORAGE, Kind::Text),
    key("AWS_S3_FORCE_PATH_STYLE", STORAGE, Kind::Flag),
    key("AWS_SECRET_ACCESS_KEY", CREDENTIALS, Kind::Secret),
    key("AWS_SESSION_TOKEN", CREDENTIALS, Kind::Secret),
    key("AZURE_ENDPOINT_SUFFIX", STORAGE, Kind::Text),
    key("AZURE_ENVIRONMENT_NAME", Owner::User, Kind::Text),
    key("AZURE_STORAGE_ACCESS_KEY", CREDENTIALS, Kind::Secret),
    key("AZURE_STORAGE_ACCOUNT", STORAGE, Kind::Text),
    key("AZURE_STORAGE_SAS_TOKEN", CREDENTIALS, Kind::Secret),
    key("GCS_CONTEXT_TIMEOUT", Owner::User, Kind::Number),
    key("GCS_MAX_CHUNK_SIZE", Owner::User, Kind::Number),
    key("GCS_MAX_RETRIES", Owner::User, Kind::Number),
    key("GCS_NORMALIZE_PREFIX", Owner::User, Kind::Flag),
    key("GOMAXPROCS", Owner::User, Kind::Number),
    key("GOOGLE_APPLICATION_CREDENTIALS", CREDENTIALS, Kind::Text),
    key("PGDATA", SERVER, Kind::Text),
    key("PGDATABASE", SERVER, Kind::Text),
    key("PGHOST", SERVER, Kind::Text),
    key("PGPORT", SERVER, Kind::Number),
    key("PGUSER", SERVER, Kind::Text),
    key("S3_LOG_LEVEL", Owner::User, Kind::Text),
    key("S3_RANGE_BATCH_ENABLED", Owner::User, Kind::Flag),
    key("S3_RANGE_MAX_RETRIES", Owner::User, Kind::Number),
    key("S3_RETENTION_MODE", STORAGE, Kind::Text),
    key("S3_RETENTION_PERIOD", STORAGE, Kind::Number),
    key("S3_SKIP_VALIDATION", Owner::User, Kind::Flag),
    key("S3_USE_LIST_OBJECTS_V1", Owner::User, Kind::Flag),
    key("SSH_PASSWORD", CREDENTIALS, Kind::Secret),
    key("SSH_PORT", STORAGE, Kind::Number),
    key("SSH_PRIVATE_KEY_PATH", CREDENTIALS, Kind::Text),
    key("SSH_USERNAME", STORAGE, Kind::Text),
    key("TOTAL_BG_UPLOADED_LIMIT", Owner::User, Kind::Number),
    key("WALG_ALIVE_CHECK_INTERVAL", Owner::User, Kind::Duration),
    key("WALG_AZURE_BUFFER_SIZE", Owner::User, Kind::Number),
    key("WALG_AZURE_MAX_BUFFERS", Owner::User, Kind::Number),
    key("WALG_AZ_PREFIX", STORAGE, Kind::Text),
    key("WALG_COMPRESSION_METHOD", Owner::Attribute("backup.compression"), Kind::Text),
    key("WALG_DELTA_MAX_STEPS", Owner::Attribute("backup.delta_steps"), Kind::Number),
    key("WALG_DELTA_ORIGIN", Owner::Provider("deltas build on the newest backup"), Kind::Text),
    key("WALG_DIRECT_IO", Owner::User, Kind::Flag),
    key("WALG_DISK_RATE_LIMIT", LIMITS, Kind::Number),
    key("WALG_DOWNLOAD_CONCURRENCY", LIMITS, Kind::Number),
    key("WALG_DOWNLOAD_FILE_RETRIES", Owner::User, Kind::Number),
    key("WALG_FILE_PREFIX", STORAGE, Kind::Text),
    key("WALG_GS_PREFIX", STORAGE, Kind::Text),
    key("WALG_LIBSODIUM_KEY", ENCRYPTION, Kind::Secret),
    key("WALG_LIBSODIUM_KEY_PATH", PLAIN, Kind::Text),
    key("WALG_LIBSODIUM_KEY_TRANSFORM", ENCRYPTION, Kind::Text),
    key("WALG_LOG_LEVEL", Owner::User, Kind::Text),
    key("WALG_NETWORK_RATE_LIMIT", LIMITS, Kind::Number),
    key("WALG_PGP_KEY", ENCRYPTION, Kind::Secret),
    key("WALG_PGP_KEY_PASSPHRASE", ENCRYPTION, Kind::Secret),
    key("WALG_PGP_KEY_PATH", PLAIN, Kind::Text),
    key("WALG_PG_WAL_SIZE", SERVER, Kind::Number),
    key("WALG_PREFETCH_DIR", Owner::Provider("it must lie outside of the data directory"), Kind::Text),
    key("WALG_PREVENT_WAL_OVERWRITE", Owner::Provider("archived WAL is never overwritten"), Kind::Flag),
    key("WALG_S3_CA_CERT_FILE", STORAGE, Kind::Text),
    key("WALG_S3_MAX_PART_SIZE", Owner::User, Kind::Number),
    key("WALG_S3_MAX_RETRIES", STORAGE, Kind::Number),
    key("WALG_S3_PREFIX", STORAGE, Kind::Text),
    key("WALG_S3_SSE", STORAGE, Kind::Text),
    key("WALG_S3_SSE_KMS_ID", STORAGE, Kind::Text),
    key("WALG_S3_STORAGE_CLASS", STORAGE, Kind::Text),
    key("WALG_SSH_PREFIX", STORAGE, Kind::Text),
    key("WALG_STOP_BACKUP_TIMEOUT", Owner::Attribute("backup.timeouts.stop"), Kind::Duration),
    key("WALG_STORE_ALL_CORRUPT_BLOCKS", Owner::User, Kind::Flag),
    key("WALG_TAR_DISABLE_FSYNC", Owner::User, Kind::Flag),
    key("WALG_TAR_SIZE_THRESHOLD", Owner::User, Kind::Number),
    key("WALG_UPLOAD_CONCURRENCY", LIMITS, Kind::Number),
    key("WALG_UPLOAD_DISK_CONCURRENCY", LIMITS, Kind::Number),
    key("WALG_UPLOAD_QUEUE", Owner::User, Kind::Number),
    key("WALG_USE_COPY_COMPOSER", Owner::User, Kind::Flag),
    key("WALG_USE_RATING_COMPOSER", Owner::User, Kind::Flag),
    key("WALG_VERIFY_PAGE_CHECKSUMS", Owner::User, Kind::Flag),
];

/// The key of a name.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// Why `settings` may not set a key to a value.
pub(crate) fn refusal(name: &str, value: &str) -> Option<String> {
    let Some(key) = find(name) else {
        let near = nearest(name).map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
        return Some(format!(
            "WAL-G would only warn about a key it does not know, and go on without what it was meant for.{near}"
        ));
    };
    match key.owner {
        Owner::Attribute(attribute) => return Some(format!("Use `{attribute}` instead.")),
        Owner::Provider(why) => return Some(format!("The provider sets it: {why}.")),
        Owner::User => {}
    }
    let (good, expected) = match key.kind {
        Kind::Text | Kind::Secret => (!value.is_empty(), "some text"),
        Kind::Number => (value.parse::<u64>().is_ok(), "a whole number"),
        Kind::Flag => (matches!(value, "true" | "false"), "`true` or `false`"),
        Kind::Duration => (is_go_duration(value), "a duration such as `1m30s`"),
    };
    (!good).then(|| format!("Its value must be {expected}, not {value:?}."))
}

fn is_go_duration(value: &str) -> bool {
    value.parse::<tf_framework::GoDuration>().is_ok()
}

/// The known name that needs the fewest changes, if they are few.
fn nearest(name: &str) -> Option<&'static str> {
    let upper = name.to_uppercase();
    KEYS.iter()
        .map(|key| (distance(&upper, key.name), key.name))
        .filter(|(distance, _)| *distance <= 4)
        .min()
        .map(|(_, name)| name)
}

/// How many letters must change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, above) in b.iter().zip(row.iter_mut().skip(1)) {
            let here = (diagonal + usize::from(x != *y)).min(left + 1).min(*above + 1);
            diagonal = *above;
            *above = here;
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_key_twice() {
        for pair in KEYS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
        }
    }

    #[test]
    fn a_typo_is_refused_and_the_right_name_told() {
        let told = refusal("WALG_LIBSODIUM_KYE", "00").expect("unknown");
        assert!(told.contains("Did you mean WALG_LIBSODIUM_KEY?"), "{told}");
        assert!(refusal("WALG_UPLOAD_QUEU", "1").is_some_and(|told| told.contains("WALG_UPLOAD_QUEUE")));
    }

    #[test]
    fn what_has_an_attribute_or_a_reason_is_refused() {
        assert_eq!(
            refusal("WALG_PREVENT_WAL_OVERWRITE", "false").as_deref(),
            Some("The provider sets it: archived WAL is never overwritten.")
        );
        assert_eq!(refusal("WALG_PGP_KEY", "x").as_deref(), Some("Use `backup.encryption` instead."));
    }

    #[test]
    fn values_are_of_their_kind() {
        for (name, value, good) in [
            ("WALG_UPLOAD_QUEUE", "4", true),
            ("WALG_UPLOAD_QUEUE", "-4", false),
            ("S3_SKIP_VALIDATION", "yes", false),
            ("S3_SKIP_VALIDATION", "true", true),
            ("WALG_ALIVE_CHECK_INTERVAL", "1m30s", true),
            ("WALG_ALIVE_CHECK_INTERVAL", "soon", false),
        ] {
            assert_eq!(refusal(name, value).is_none(), good, "{name}={value}");
        }
    }
}

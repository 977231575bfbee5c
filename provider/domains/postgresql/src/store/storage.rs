//! The block that says where an archive is: everything but the credentials.

use tf_framework::{Choice, Model, Value};

use objects::{BadPrefix, Location};

/// Where an archive is: exactly one of the storages.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Storage {
    /// S3, or a server that speaks its language.
    #[attr(validate(exactly_one_of(gcs, azure, file, sftp)))]
    pub s3: Option<S3Storage>,
    /// Google Cloud Storage.
    pub gcs: Option<GcsStorage>,
    /// Azure Blob Storage.
    pub azure: Option<AzureStorage>,
    /// A directory of the database's host: a mount of another machine, or it is no backup.
    pub file: Option<FileStorage>,
    /// A directory of another machine, written by SFTP.
    pub sftp: Option<SftpStorage>,
}

/// S3, or a server that speaks its language.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct S3Storage {
    /// Bucket and folder: `s3://bucket/folder`. A folder for each cluster and major version.
    #[attr(validate(custom(is_s3, "`s3://bucket/folder`")))]
    pub prefix: String,
    /// Address of the server where it is not Amazon's: `https://s3.example.com`.
    #[attr(validate(matches("^https?://[^/@?#]+/?$", "an address such as https://s3.example.com")))]
    pub endpoint: Option<String>,
    /// Region of the bucket; `us-east-1` unless set.
    pub region: Option<String>,
    /// Whether the bucket stands in the path of an address instead of its host name: what most servers other than
    /// Amazon's want. Off unless set.
    pub force_path_style: Option<bool>,
    /// PEM text of the authority that signed the server's certificate. The system's authorities unless set.
    pub ca_certificate: Option<String>,
    /// Encryption by the server.
    pub server_side_encryption: Option<ServerSideEncryption>,
    /// Key of the server's key service, for `aws:kms`.
    pub kms_key_id: Option<String>,
    /// Storage class of what is written: `STANDARD_IA`. The bucket's own unless set.
    pub storage_class: Option<String>,
    /// How long the server protects what is written against deletion (object lock), in seconds. The bucket must have
    /// object lock. Retention cannot delete what is protected.
    #[attr(validate(range(1..), required_with(object_lock_mode)))]
    pub object_lock_period: Option<u64>,
    /// Who may lift the protection: nobody with `COMPLIANCE`, an administrator with `GOVERNANCE`.
    #[attr(validate(required_with(object_lock_period)))]
    pub object_lock_mode: Option<ObjectLockMode>,
    /// How often WAL-G tries a request again; 15 unless set.
    #[attr(validate(range(0..=100)))]
    pub max_retries: Option<u32>,
}

/// Encryption by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ServerSideEncryption {
    /// With a key of the server's own.
    #[choice("AES256")]
    Aes256,
    /// With a key of its key service.
    #[choice("aws:kms")]
    AwsKms,
}

/// Who may lift the protection of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ObjectLockMode {
    /// Who has the right to.
    #[choice("GOVERNANCE")]
    Governance,
    /// Nobody.
    #[choice("COMPLIANCE")]
    Compliance,
}

/// Google Cloud Storage.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct GcsStorage {
    /// Bucket and folder: `gs://bucket/folder`. A folder for each cluster and major version.
    #[attr(validate(custom(is_gcs, "`gs://bucket/folder`")))]
    pub prefix: String,
}

/// Azure Blob Storage.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct AzureStorage {
    /// Container and folder: `azure://container/folder`. A folder for each cluster and major version.
    #[attr(validate(custom(is_azure, "`azure://container/folder`")))]
    pub prefix: String,
    /// The storage account.
    #[attr(validate(matches("^[a-z0-9]{3,24}$", "3 to 24 lower-case letters and digits")))]
    pub account: String,
    /// End of the account's host name, in other clouds than the public one; `core.windows.net` unless set.
    pub endpoint_suffix: Option<String>,
}

/// A directory of the database's host.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct FileStorage {
    /// The directory, as an absolute path.
    #[attr(validate(custom(is_file, "an absolute path")))]
    pub prefix: String,
}

/// A directory of another machine, written by SFTP. WAL-G does not check the host key of that machine: use it in
/// networks that you trust.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct SftpStorage {
    /// Machine and directory: `ssh://host/path`.
    #[attr(validate(custom(is_sftp, "`ssh://host/path`")))]
    pub prefix: String,
    /// Port of its SSH server.
    #[attr(default = 22, validate(range(1..=65535)))]
    pub port: u16,
    /// The user there; `postgres` unless set.
    pub user: Option<String>,
}

fn check(value: &Value, parse: fn(&str) -> Result<Location, BadPrefix>) -> Result<(), String> {
    let text = value.as_str().unwrap_or_default();
    parse(text).map(drop).map_err(|error| error.to_string())
}

fn is_s3(value: &Value) -> Result<(), String> {
    check(value, Location::s3)
}

fn is_gcs(value: &Value) -> Result<(), String> {
    check(value, Location::gcs)
}

fn is_azure(value: &Value) -> Result<(), String> {
    check(value, Location::azure)
}

fn is_file(value: &Value) -> Result<(), String> {
    check(value, Location::file)
}

fn is_sftp(value: &Value) -> Result<(), String> {
    check(value, Location::sftp)
}

impl Storage {
    /// Where the archive is; `None` where none of the storages is set, which validation does not let through.
    ///
    /// # Errors
    /// [`BadPrefix`].
    pub fn location(&self) -> Option<Result<Location, BadPrefix>> {
        if let Some(s3) = &self.s3 {
            return Some(Location::s3(&s3.prefix));
        }
        if let Some(gcs) = &self.gcs {
            return Some(Location::gcs(&gcs.prefix));
        }
        if let Some(azure) = &self.azure {
            return Some(Location::azure(&azure.prefix));
        }
        if let Some(file) = &self.file {
            return Some(Location::file(&file.prefix));
        }
        self.sftp.as_ref().map(|sftp| Location::sftp(&sftp.prefix))
    }

    /// What WAL-G is told, by the names of its configuration; no secret is among it. `WALG_S3_CA_CERT_FILE` and the
    /// like name files, which who writes the configuration puts there: they are not in the list.
    pub fn wal_g_settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = Settings::default();
        if let Some(s3) = &self.s3 {
            settings.s3(s3);
        }
        if let Some(gcs) = &self.gcs {
            settings.set("WALG_GS_PREFIX", &gcs.prefix);
        }
        if let Some(azure) = &self.azure {
            settings.set("WALG_AZ_PREFIX", &azure.prefix);
            settings.set("AZURE_STORAGE_ACCOUNT", &azure.account);
            settings.maybe("AZURE_ENDPOINT_SUFFIX", azure.endpoint_suffix.as_ref());
        }
        if let Some(file) = &self.file {
            settings.set("WALG_FILE_PREFIX", &file.prefix);
        }
        if let Some(sftp) = &self.sftp {
            settings.set("WALG_SSH_PREFIX", &sftp.prefix);
            settings.set("SSH_PORT", &sftp.port);
            settings.set("SSH_USERNAME", &sftp.user.as_deref().unwrap_or("postgres"));
        }
        settings.0
    }
}

#[derive(Default)]
struct Settings(Vec<(&'static str, String)>);

impl Settings {
    fn set(&mut self, name: &'static str, value: &impl ToString) {
        self.0.push((name, value.to_string()));
    }

    fn maybe(&mut self, name: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.set(name, &value);
        }
    }

    fn s3(&mut self, s3: &S3Storage) {
        self.set("WALG_S3_PREFIX", &s3.prefix);
        self.maybe("AWS_ENDPOINT", s3.endpoint.as_ref());
        self.set("AWS_REGION", &s3.region());
        self.set("AWS_S3_FORCE_PATH_STYLE", &s3.force_path_style.unwrap_or(false));
        self.maybe("WALG_S3_SSE", s3.server_side_encryption);
        self.maybe("WALG_S3_SSE_KMS_ID", s3.kms_key_id.as_ref());
        self.maybe("WALG_S3_STORAGE_CLASS", s3.storage_class.as_ref());
        self.maybe("S3_RETENTION_PERIOD", s3.object_lock_period);
        self.maybe("S3_RETENTION_MODE", s3.object_lock_mode);
        self.maybe("WALG_S3_MAX_RETRIES", s3.max_retries);
    }
}

impl S3Storage {
    /// The region, or the one that is assumed.
    pub fn region(&self) -> &str {
        self.region.as_deref().unwrap_or("us-east-1")
    }
}

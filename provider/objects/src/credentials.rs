//! The `object_storage` section of the provider's configuration: what this machine reads stores with.

use tf_framework::{Diagnostics, Field, Model, Path, Result, Sensitive};
use transport_base::Secret;

/// What the machine on which Terraform runs reads and writes object stores with: archives of databases, documents of the
/// cost gate. It may be other credentials than those of the database's host. None of it is kept in the state.
#[derive(Debug, Clone, Model)]
pub struct ObjectStorage {
    /// Access key of S3. Also `AWS_ACCESS_KEY_ID`.
    pub access_key_id: Option<Sensitive<String>>,
    /// Secret key of S3. Also `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<Sensitive<String>>,
    /// Session token of S3, for temporary credentials. Also `AWS_SESSION_TOKEN`.
    pub session_token: Option<Sensitive<String>>,
    /// Google Cloud Storage: the JSON text of a service account's key, or a path to it. Also
    /// `GOOGLE_APPLICATION_CREDENTIALS`.
    pub google_credentials: Option<Sensitive<String>>,
    /// Key of the Azure storage account. Also `AZURE_STORAGE_ACCESS_KEY`.
    pub azure_account_key: Option<Sensitive<String>>,
    /// Shared access signature of Azure, instead of the key. Also `AZURE_STORAGE_SAS_TOKEN`.
    pub azure_sas_token: Option<Sensitive<String>>,
}

/// Reads a variable of the environment. A function, so that tests need not touch the real one.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The credentials themselves.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// Access key, secret key and session token of S3.
    pub s3: Option<S3Keys>,
    /// JSON text of a service account's key, or a path to it.
    pub google: Option<Secret>,
    /// Key of the Azure storage account.
    pub azure_key: Option<Secret>,
    /// Shared access signature of Azure.
    pub azure_sas: Option<Secret>,
}

/// What a request to S3 is signed with.
#[derive(Clone, Debug)]
pub struct S3Keys {
    /// The access key.
    pub id: Secret,
    /// The secret key.
    pub secret: Secret,
    /// The session token of temporary credentials.
    pub session_token: Option<Secret>,
}

/// What is not known yet.
struct NotKnown;

fn secret(
    field: &Field<String>,
    env: Environment<'_>,
    variable: &str,
) -> std::result::Result<Option<Secret>, NotKnown> {
    let text = match field {
        Field::Unknown => return Err(NotKnown),
        Field::Known(text) => Some(text.clone()),
        Field::Null => env(variable),
    };
    Ok(text.filter(|text| !text.is_empty()).map(Secret::new))
}

impl ObjectStorage {
    /// The credentials of the configuration and the environment; `None` while the configuration is not wholly known.
    ///
    /// # Errors
    /// Half of a pair is missing.
    pub fn credentials(
        config: &Field<ObjectStoragePartial>,
        env: Environment<'_>,
    ) -> Result<Option<Credentials>> {
        let unset = ObjectStoragePartial::default();
        let given = match config {
            Field::Unknown => return Ok(None),
            Field::Null => &unset,
            Field::Known(given) => given,
        };
        let Ok(gathered) = Gathered::from(given, env) else { return Ok(None) };
        gathered.credentials().map(Some)
    }
}

struct Gathered {
    id: Option<Secret>,
    secret: Option<Secret>,
    session_token: Option<Secret>,
    google: Option<Secret>,
    azure_key: Option<Secret>,
    azure_sas: Option<Secret>,
}

impl Gathered {
    fn from(given: &ObjectStoragePartial, env: Environment<'_>) -> std::result::Result<Self, NotKnown> {
        // A pair comes from one place: a key of the configuration is never signed with a secret of the environment.
        let pair_is_given = !matches!(
            (&given.access_key_id, &given.secret_access_key, &given.session_token),
            (Field::Null, Field::Null, Field::Null)
        );
        let none = |_: &str| None;
        let pair: Environment<'_> = if pair_is_given { &none } else { env };
        Ok(Self {
            id: secret(&given.access_key_id, pair, "AWS_ACCESS_KEY_ID")?,
            secret: secret(&given.secret_access_key, pair, "AWS_SECRET_ACCESS_KEY")?,
            session_token: secret(&given.session_token, pair, "AWS_SESSION_TOKEN")?,
            google: secret(&given.google_credentials, env, "GOOGLE_APPLICATION_CREDENTIALS")?,
            azure_key: secret(&given.azure_account_key, env, "AZURE_STORAGE_ACCESS_KEY")?,
            azure_sas: secret(&given.azure_sas_token, env, "AZURE_STORAGE_SAS_TOKEN")?,
        })
    }

    fn credentials(self) -> Result<Credentials> {
        let s3 = match (self.id, self.secret) {
            (Some(id), Some(secret)) => Some(S3Keys { id, secret, session_token: self.session_token }),
            (None, None) => None,
            (id, _) => {
                let missing = if id.is_none() { "access_key_id" } else { "secret_access_key" };
                return Err(Diagnostics::error_at(
                    Path::root().attribute("object_storage").attribute(missing),
                    "Half of the S3 credentials is missing",
                    "Access key and secret key belong together, both from the `object_storage` section of the provider \
                     or both from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
                ));
            }
        };
        Ok(Credentials { s3, google: self.google, azure_key: self.azure_key, azure_sas: self.azure_sas })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(id: Field<String>, secret: Field<String>) -> Field<ObjectStoragePartial> {
        Field::Known(ObjectStoragePartial {
            access_key_id: id,
            secret_access_key: secret,
            ..ObjectStoragePartial::default()
        })
    }

    fn known(text: &str) -> Field<String> {
        Field::Known(text.to_owned())
    }

    #[test]
    fn configuration_wins_over_environment_as_a_pair() {
        let env = |name: &str| name.starts_with("AWS_").then(|| format!("env {name}"));
        let read = |config: &Field<ObjectStoragePartial>| ObjectStorage::credentials(config, &env);
        let keys = read(&Field::Null).unwrap().unwrap().s3.unwrap();
        assert_eq!(keys.secret.expose(), "env AWS_SECRET_ACCESS_KEY");
        let keys = read(&given(known("a"), known("b"))).unwrap().unwrap().s3.unwrap();
        assert_eq!((keys.id.expose(), keys.session_token), ("a", None));
        assert!(
            read(&given(known("a"), Field::Null)).is_err(),
            "the secret of the environment is not mixed in"
        );
        assert!(read(&given(known("a"), Field::Unknown)).unwrap().is_none(), "not known yet");
        assert!(read(&Field::Unknown).unwrap().is_none());
    }

    #[test]
    fn nothing_of_it_can_be_printed() {
        let credentials = ObjectStorage::credentials(&given(known("canary-id"), known("canary")), &|_| None);
        assert!(!format!("{credentials:?}").contains("canary"));
    }
}

//! Makes an instance what it is to be.

use transport_ssh::{FileSpec, Input, Secret};

use super::facts::{Facts, Marker, Server, gather};
use super::plan::{Step, collation_matters, plan};
use super::run::Run;
use super::spec::Spec;
use super::{access, archive, scram, settings, sql, tls};
use crate::errors::{Error, Refusal};
use crate::replication;
use crate::restore::Restored;
use crate::walg::{BackupProof, Prepared};

/// What an instance is after [`converge`].
#[derive(Debug, Clone)]
pub(crate) struct Converged {
    /// What was found at the end.
    pub(crate) facts: Facts,
    /// What was prepared for the archive.
    pub(crate) prepared: Option<Prepared>,
    /// What was proved of the archive.
    pub(crate) proof: Option<BackupProof>,
    /// What the data were restored from.
    pub(crate) restored: Option<Restored>,
}

/// Rounds of looking and acting. A new instance takes four.
const ROUNDS: usize = 10;

/// Makes an instance what it is to be, from whatever it is: nothing, half made, running. Looks first; what is done
/// already is not done again.
///
/// # Errors
/// What could not be done, or must not be.
pub(crate) async fn converge(run: &Run, spec: &Spec) -> Result<Converged, Error> {
    // Everything that may be done is in it: too large for a stack that others share.
    Box::pin(rounds(run, spec)).await
}

async fn rounds(run: &Run, spec: &Spec) -> Result<Converged, Error> {
    let mut last: Vec<Step> = Vec::new();
    let mut prepared = None;
    let mut restored = None;
    for _ in 0..ROUNDS {
        let facts = run.step("facts", gather(run, spec)).await?;
        let steps = plan(&facts, spec).map_err(|refusals| refused(&refusals))?;
        // Before a server runs that archives; needs the programs and the data.
        if prepared.is_none() && !steps.contains(&Step::Packages) {
            prepared = archive::prepare(run, spec, &facts).await?;
        }
        if steps.is_empty() {
            let converged = finish(run, spec, facts, prepared).await?;
            return Ok(Converged { restored, ..converged });
        }
        if steps == last {
            return Err(stuck(run, spec, &steps, &facts));
        }
        for step in &steps {
            if let (Step::Bring, Some(restore)) = (step, &spec.restore) {
                restored = Some(run.step(step.name(), archive::bring(run, spec, &facts, restore)).await?);
                continue;
            }
            run.step(step.name(), act(run, spec, &facts, step)).await?;
        }
        last = steps;
    }
    Err(stuck(run, spec, &last, &Facts::default()))
}

fn refused(refusals: &[Refusal]) -> Error {
    Error::Told(refusals.iter().map(Refusal::diagnostic).collect())
}

/// Steps that were carried out and are still to be done.
fn stuck(run: &Run, spec: &Spec, steps: &[Step], facts: &Facts) -> Error {
    let names: Vec<&str> = steps.iter().map(Step::name).collect();
    let wanted = settings::desired(spec, facts);
    let unread = facts.server.iter().flat_map(|server| settings::unread(&wanted, server));
    let differ: Vec<String> = unread
        .map(|(name, setting)| {
            format!(
                "{name} is {} by {} and not {}",
                setting.setting,
                setting.source,
                wanted.get(name).map_or("", |text| text)
            )
        })
        .collect();
    let because = if differ.is_empty() { String::new() } else { format!(" ({})", differ.join("; ")) };
    let problem =
        format!("it is not as it should be after steps that reported success: {}{because}", names.join(", "));
    Error::Answer { machine: run.machine.name().to_owned(), problem }
}

/// What is done once in every run, when everything else is as it should be: secrets cannot be compared.
async fn finish(
    run: &Run,
    spec: &Spec,
    facts: Facts,
    prepared: Option<Prepared>,
) -> Result<Converged, Error> {
    let mut proof = None;
    let primary = facts.server.as_ref().is_some_and(|server| !server.in_recovery);
    if let Some(tls) = &spec.postgresql.tls
        && tls.certificate.is_some()
        && spec.sent.get("tls/key").is_some_and(|sent| *sent != tls.key_version)
    {
        run.step("given certificate", send_certificate(run, spec, &spec.config_directory())).await?;
        run.step("reload", serve(run, spec, &facts, "reload")).await?;
    }
    if facts.server.as_ref().is_some_and(|server| server.in_recovery) && spec.standby.is_some() {
        run.step("password of replication", replication::keep_password(run, spec)).await?;
    }
    if primary {
        let sent = passwords(spec, &facts)?;
        let port = facts.server.as_ref().and_then(Server::port).unwrap_or(spec.postgresql.port);
        if !sent.expose().is_empty() {
            run.step("passwords", run.sql("setting passwords", port, "postgres", sent.expose())).await?;
        }
        for (name, database) in spec.postgresql.databases.iter().filter(|(_, it)| !it.extensions.is_empty()) {
            let sql = sql::extensions(database);
            run.step("extensions", run.sql(&format!("making extensions in {name:?}"), port, name, &sql))
                .await?;
        }
        if let Some(prepared) = prepared.as_ref().filter(|_| spec.prove) {
            proof = archive::prove(run, spec, &facts, prepared).await?;
        }
        archive::expire(run, spec).await?;
    }
    Ok(Converged { facts, prepared, proof, restored: None })
}

/// Statements that set the passwords that are new: of a version that was not sent before, or of a role that has none.
fn passwords(spec: &Spec, facts: &Facts) -> Result<Secret, Error> {
    let mut sql = String::new();
    for (name, role) in &spec.postgresql.roles {
        let Some(password) = role.password.get() else { continue };
        let has = facts
            .server
            .as_ref()
            .and_then(|server| server.roles.get(name))
            .is_some_and(|fact| fact.has_password);
        let sent = spec.sent.get(&format!("role/{name}"));
        if has && sent == Some(&role.password_version) {
            continue;
        }
        let mut salt = [0_u8; 16];
        getrandom::fill(&mut salt).map_err(|error| {
            Refusal::new(
                "There is no randomness",
                format!("The salt of a password cannot be drawn: {error}."),
            )
        })?;
        sql.push_str(&sql::password(name, scram::verifier(password, salt).expose()));
    }
    Ok(Secret::new(sql))
}

/// Carries a step out.
async fn act(run: &Run, spec: &Spec, facts: &Facts, step: &Step) -> Result<(), Error> {
    let p = &spec.postgresql;
    let (version, port) = (p.version.to_string(), p.port.to_string());
    // A server that runs answers at the port it has, whatever it is to have.
    let live = facts.server.as_ref().and_then(Server::port).unwrap_or(p.port);
    let (data, config) = (spec.data_directory(), spec.config_directory());
    match step {
        Step::Account => {
            let number = |given: Option<&u32>| given.copied().unwrap_or(super::ACCOUNT).to_string();
            let (user, group) = (number(p.user_id.known()), number(p.group_id.known()));
            let script = include_str!("scripts/account.sh");
            run.script("making the user postgres", script, &[&user, &group], Input::Nothing).await?;
        }
        Step::Packages => packages(run, spec).await?,
        Step::Claim => put_marker(run, spec, &claim(spec)).await?,
        Step::Init => init(run, spec).await?,
        Step::Bring => replication::bring(run, spec).await?,
        Step::Unlock => {
            let script = "mv -f -- \"$1/postmaster.pid\" \"$1/postmaster.pid.hybridops-stale\"";
            run.script("putting a stale lock file aside", script, &[&data], Input::Nothing).await?;
        }
        Step::Configure => {
            let arguments = [version.as_str(), &p.cluster, &data, &port];
            run.script(
                "writing the configuration directory",
                include_str!("scripts/configure.sh"),
                &arguments,
                Input::Nothing,
            )
            .await?;
        }
        Step::IssueCertificate => {
            let Some(tls) = &p.tls else { return Ok(()) };
            let names = tls::alternative_names(&tls::names(tls, facts));
            let arguments = [config.as_str(), &tls.validity_days.to_string(), &names];
            run.script("making a certificate", include_str!("scripts/tls.sh"), &arguments, Input::Nothing)
                .await?;
        }
        Step::SendCertificate => send_certificate(run, spec, &config).await?,
        Step::ClientAuthorities => {
            let content = p.tls.as_ref().and_then(|tls| tls.client_ca.clone()).unwrap_or_default();
            let path = format!("{config}/{}", tls::CLIENT_CA);
            let content = Input::Bytes(content.into_bytes().into());
            run.put(&FileSpec { path, content, mode: 0o644, owner: Some("postgres:postgres".to_owned()) })
                .await?;
        }
        Step::Access => {
            let text = access::render(p.access.as_deref(), &[]);
            let file = (format!("{config}/pg_hba.conf"), "0640", "access");
            configuration_file(run, spec, live, file, text).await?;
        }
        Step::Settings => {
            let text = settings::render(&settings::desired(spec, facts));
            let file = (format!("{config}/conf.d/{}", settings::FILE), "0644", "settings");
            configuration_file(run, spec, live, file, text).await?;
        }
        Step::Start => serve(run, spec, facts, "start").await?,
        Step::Overrides(names) => {
            let sql: String =
                names.iter().map(|name| format!("ALTER SYSTEM RESET {};\n", sql::identifier(name))).collect();
            run.sql("taking settings back that were made by hand", live, "postgres", &sql).await?;
        }
        Step::Reload => serve(run, spec, facts, "reload").await?,
        Step::Restart(_) => serve(run, spec, facts, "restart").await?,
        Step::Marker => put_marker(run, spec, &marker(spec, facts)).await?,
        Step::Roles => {
            if let Some(server) = &facts.server {
                run.sql("making roles", live, "postgres", &sql::roles(&p.roles, server)).await?;
            }
        }
        Step::Databases => {
            if let Some(server) = &facts.server {
                run.sql("making databases", live, "postgres", &sql::databases(&p.databases, server)).await?;
            }
        }
    }
    Ok(())
}

async fn packages(run: &Run, spec: &Spec) -> Result<(), Error> {
    let p = &spec.postgresql;
    let (version, port) = (p.version.to_string(), p.port.to_string());
    let wanted = p.package_version.known().map(String::as_str).unwrap_or_default();
    let arguments = [version.as_str(), wanted, p.repository.as_str(), &p.repository_url, &port];
    let output = run.ask(include_str!("scripts/packages.sh"), &arguments, Input::Nothing).await?;
    match output.code() {
        Some(0) => Ok(()),
        Some(64) => {
            let said = output.errors();
            let offer: Vec<&str> =
                said.lines().skip_while(|line| !line.starts_with("no repository")).collect();
            let detail = format!(
                "On {}: {}.\n\nSet `package_version` to one that is offered, `repository = \"pgdg\"` for other major versions, or \
                 leave the version out.",
                run.machine.name(),
                offer.join("\n")
            );
            let path = tf_framework::Path::root().attribute("postgresql").attribute("package_version");
            Err(Refusal::new(format!("PostgreSQL {version} is not offered"), detail).at(path).into())
        }
        _ => Err(run.machine.failed("installing packages", &output).into()),
    }
}

async fn init(run: &Run, spec: &Spec) -> Result<(), Error> {
    let p = &spec.postgresql;
    let version = p.version.to_string();
    let data = spec.data_directory();
    let known = |value: Option<&String>, usual: &str| value.cloned().unwrap_or_else(|| usual.to_owned());
    let mut options = vec![
        format!("--locale={}", known(p.locale.known(), "C.UTF-8")),
        format!("--encoding={}", known(p.encoding.known(), "UTF8")),
        format!("--wal-segsize={}", p.wal_segment_size.known().copied().unwrap_or(16)),
    ];
    if let Some(locale) = &p.icu_locale {
        options.extend(["--locale-provider=icu".to_owned(), format!("--icu-locale={locale}")]);
    }
    match (p.checksums.known() != Some(&false), p.version >= 18) {
        (true, _) => options.push("--data-checksums".to_owned()),
        (false, true) => options.push("--no-data-checksums".to_owned()),
        (false, false) => {}
    }
    let mut arguments = vec![version.as_str(), &data];
    arguments.extend(options.iter().map(String::as_str));
    run.script("making a cluster", include_str!("scripts/init.sh"), &arguments, Input::Nothing)
        .await
        .map(drop)
}

/// Says whose the data will be, before there are any.
fn claim(spec: &Spec) -> Marker {
    Marker {
        member: spec.name.clone(),
        cluster: spec.postgresql.cluster.clone(),
        version: spec.postgresql.version,
        system_identifier: String::new(),
        glibc: None,
        configuration: serde_json::Map::new(),
    }
}

fn marker(spec: &Spec, facts: &Facts) -> Marker {
    let server = facts.server.as_ref();
    let matters = server.is_some_and(collation_matters);
    Marker {
        system_identifier: server.map(|server| server.system_identifier.clone()).unwrap_or_default(),
        glibc: matters.then(|| facts.os.glibc.clone()),
        configuration: spec.remembered.clone(),
        ..claim(spec)
    }
}

async fn put_marker(run: &Run, spec: &Spec, marker: &Marker) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(marker).map_err(|error| Error::Answer {
        machine: run.machine.name().to_owned(),
        problem: format!("the marker cannot be written: {error}"),
    })?;
    let path = spec.marker();
    let above =
        path.rsplit_once('/').map(|(above, _)| above).filter(|above| !above.is_empty()).unwrap_or("/");
    let script = "[ -d \"$1\" ] || { install -d -m 0755 \"$(dirname \"$1\")\" && install -d -m 0755 -o postgres -g postgres \"$1\"; }";
    run.script("making the directory above the data", script, &[above], Input::Nothing).await?;
    let content = Input::Bytes(format!("{text}\n").into_bytes().into());
    run.put(&FileSpec { path, content, mode: 0o644, owner: None }).await
}

async fn send_certificate(run: &Run, spec: &Spec, config: &str) -> Result<(), Error> {
    let at = tf_framework::Path::root().attribute("postgresql").attribute("tls").attribute("key");
    let tls = spec.postgresql.tls.as_ref();
    let Some((certificate, key)) = tls.and_then(|tls| Some((tls.certificate.as_ref()?, tls.key.get()?)))
    else {
        let refusal =
            Refusal::new("The key of the certificate is missing", "Set `key`, which is never stored.");
        return Err(refusal.at(at).into());
    };
    let both = Secret::new(format!("{}\n===\n{}\n", key.trim(), certificate.trim()));
    let output = run.ask(include_str!("scripts/tls_given.sh"), &[config], Input::Secret(both)).await?;
    match output.code() {
        Some(0) => Ok(()),
        Some(65) => {
            let detail =
                "The server would not start with them. Set the key that the certificate was made for.";
            Err(Refusal::new("The key is not that of the certificate", detail).at(at).into())
        }
        _ => Err(run.machine.failed("putting the certificate in place", &output).into()),
    }
}

/// Puts a file of the configuration in place if the server takes it.
async fn configuration_file(
    run: &Run,
    spec: &Spec,
    port: u16,
    (path, mode, kind): (String, &str, &str),
    text: String,
) -> Result<(), Error> {
    let p = &spec.postgresql;
    let (version, port) = (p.version.to_string(), port.to_string());
    let length = text.len().to_string();
    let arguments = [version.as_str(), &p.cluster, &port, &path, mode, kind, &length];
    let input = Input::Bytes(text.into_bytes().into());
    let output = run.ask(include_str!("scripts/settings.sh"), &arguments, input).await?;
    match output.code() {
        Some(0) => Ok(()),
        Some(65) => {
            let (what, attribute) =
                if kind == "access" { ("access rules", "access") } else { ("settings", "settings") };
            let detail = format!(
                "What it has against them:\n  {}\n\nThe file in force was left as it was.",
                output.errors().trim().replace('\n', "\n  ")
            );
            let path = tf_framework::Path::root().attribute("postgresql").attribute(attribute);
            Err(Refusal::new(format!("The server refuses the {what}"), detail).at(path).into())
        }
        _ => Err(run.machine.failed(&format!("writing {path}"), &output).into()),
    }
}

/// Seconds a server may take to answer: it may have much to replay.
const PATIENCE: u64 = 600;

async fn serve(run: &Run, spec: &Spec, facts: &Facts, what: &str) -> Result<(), Error> {
    let p = &spec.postgresql;
    let left = run.budget.remaining().map_or(PATIENCE, |left| left.as_secs().saturating_sub(5)).min(PATIENCE);
    let live = facts.server.as_ref().and_then(Server::port);
    let port = if what == "reload" { live.unwrap_or(p.port) } else { p.port }.to_string();
    let arguments = [p.version.to_string(), p.cluster.clone(), port, what.to_owned(), left.to_string()];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run.script(
        &format!("{what} of the server"),
        include_str!("scripts/serve.sh"),
        &arguments,
        Input::Nothing,
    )
    .await?;
    if p.tls.is_some() {
        run.script(
            "noting the certificate in use",
            include_str!("scripts/tls_loaded.sh"),
            &[&spec.config_directory()],
            Input::Nothing,
        )
        .await?;
    }
    Ok(())
}

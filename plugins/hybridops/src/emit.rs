//! `hybridops cost emit`.

use std::path::PathBuf;

use cost_engine::Decimal;
use cost_engine::documents::{PriceBook, PriceSource, Target};
use cost_engine::emit::{Head, emit};
use cost_engine::files::{Source, Written, read_file, read_large_file, signature};
use cost_engine::import::{Imported, import, priced, source_as_of};
use cost_engine::json::{Digest, parse};
use jiff::Timestamp;

use crate::cli::Exit;
use crate::failure::Failure;
use crate::inputs::{decimal_of, document, moment_of, store_options};
use crate::output::{complain, say};

/// What is written, and from what.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Result of Infracost as JSON (0.2 or of the newer program), a plan as `terraform show -json` writes it, or a price
    /// book whose lines `--quantity` names.
    #[arg(long)]
    from: PathBuf,
    /// What was there before, as JSON of the newer Infracost program, which tells no before of its own.
    #[arg(long)]
    from_before: Option<PathBuf>,
    /// Price book for a plan.
    #[arg(long, env = "HYBRIDOPS_COST_PRICE_BOOK")]
    price_book: Option<PathBuf>,
    /// Quantity of a SKU of the price book, as `SKU=QUANTITY` or `SKU=QUANTITY:BASELINE`; once for each.
    #[arg(long = "quantity", value_parser = quantity_of)]
    quantities: Vec<(String, Decimal, Decimal)>,
    /// When the prices held, where what is imported does not say it.
    #[arg(long, value_parser = moment_of)]
    prices_as_of: Option<Timestamp>,
    #[command(flatten)]
    about: About,
    /// Where the artefact is written, as `<component>/cost-run-<run_id>.json`: a directory, or s3://, gs:// or az://.
    #[arg(long, env = "HYBRIDOPS_COST_ARTIFACTS", default_value = "output/artifacts/cost")]
    artifacts: String,
    /// File with an Ed25519 key in PKCS#8 (PEM or DER) that signs the artefact.
    #[arg(long, env = "HYBRIDOPS_COST_SIGNING_KEY_FILE", requires = "key_id")]
    signing_key: Option<PathBuf>,
    /// Name of the key in the policy's `artifact.signers`.
    #[arg(long, env = "HYBRIDOPS_COST_SIGNING_KEY_ID", requires = "signing_key")]
    key_id: Option<String>,
}

/// What the artefact says of itself.
#[derive(Debug, clap::Args)]
struct About {
    /// Run of the pipeline. It is used once.
    #[arg(long)]
    run_id: String,
    /// What it is the cost of.
    #[arg(long)]
    component: String,
    /// Environment.
    #[arg(long)]
    env: String,
    /// Who pays.
    #[arg(long)]
    owner: String,
    /// dr, burst, drill or baseline.
    #[arg(long)]
    purpose: String,
    /// What the costs are of.
    #[arg(long, default_value = "active")]
    scenario: String,
    /// What they are compared with.
    #[arg(long, default_value = "standby")]
    baseline: String,
    /// Percent by which the costs may be exceeded.
    #[arg(long, default_value = "20", value_parser = decimal_of)]
    uncertainty: Decimal,
    /// Days for which it may be used, at most 90.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90))]
    valid_days: u16,
    /// Action that lines belong to, such as k8s.start.
    #[arg(long, default_value = "start")]
    action: String,
    /// Action of lines about resources whose address begins so, as `module.db.=db.promote`; once for each.
    #[arg(long = "action-of", value_parser = pair_of)]
    actions: Vec<(String, String)>,
    /// Action that the scenario has, and that must have a price; once for each.
    #[arg(long = "requires")]
    requires: Vec<String>,
    /// System that writes it, such as github-actions: policies may bind keys to it.
    #[arg(long, default_value = "hybridops")]
    system: String,
    /// Repository of the pipeline.
    #[arg(long)]
    repository: Option<String>,
    /// Commit of the pipeline.
    #[arg(long)]
    commit: Option<String>,
    /// Where it would run: Microsoft, Google, AWS, or a name of your own.
    #[arg(long)]
    provider_name: Option<String>,
    /// Account, subscription or project.
    #[arg(long, requires = "provider_name")]
    account: Option<String>,
    /// Region.
    #[arg(long, requires = "provider_name")]
    region: Option<String>,
    /// Why it costs nothing, where it does: without a reason such an artefact is refused.
    #[arg(long)]
    zero_cost_reason: Option<String>,
}

fn pair_of(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(left, right)| !left.is_empty() && !right.is_empty());
    pair.map(|(left, right)| (left.to_owned(), right.to_owned()))
        .ok_or_else(|| "not BEGINNING=ACTION".to_owned())
}

fn quantity_of(text: &str) -> Result<(String, Decimal, Decimal), String> {
    let (sku, quantities) = text.rsplit_once('=').ok_or("not SKU=QUANTITY or SKU=QUANTITY:BASELINE")?;
    let (quantity, baseline) = quantities.split_once(':').unwrap_or((quantities, "0"));
    let amount = |text: &str| {
        let number = decimal_of(text)?;
        if number.is_negative() { Err(format!("{text} is less than nothing")) } else { Ok(number) }
    };
    Ok((sku.to_owned(), amount(quantity)?, amount(baseline)?))
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let bytes = read_large_file(&arguments.from).map_err(Failure::file(&arguments.from))?;
    let imported = imported(arguments, &bytes)?;
    for note in &imported.notes {
        complain("warning", note);
    }
    let head = head(arguments, &imported, Digest::of(&bytes))?;
    let (json, artifact) = emit(&head, &imported).map_err(|error| Failure::Other(error.to_string()))?;
    let signed = match (&arguments.signing_key, &arguments.key_id) {
        (Some(path), Some(key_id)) => {
            let key = read_file(path).map_err(Failure::file(path))?;
            let pkcs8 = der(&key).unwrap_or(key);
            let signed = signature(key_id, &pkcs8, artifact.digest);
            let none = || Failure::Other(format!("{}: no Ed25519 key in PKCS#8", path.display()));
            Some(signed.ok_or_else(none)?)
        }
        _ => None,
    };
    let source = Source::at(&arguments.artifacts, store_options())?;
    let written = source.write(&head.component, &head.run_id, &json, signed.as_ref()).await;
    let path = match written.map_err(|error| Failure::Other(error.to_string()))? {
        Written::New(path) => path,
        Written::There(path) => {
            complain("note", "the same artefact was there already");
            path
        }
    };
    say(&format!("{path} {}\n", artifact.digest))?;
    Ok(Exit::Allow)
}

fn imported(arguments: &Arguments, bytes: &[u8]) -> Result<Imported, Failure> {
    let name = arguments.from.display().to_string();
    let value = parse(bytes).map_err(|source| Failure::Json { path: name.clone(), source })?;
    let wrong = |error: cost_engine::import::ImportError| Failure::Other(format!("{name}: {error}"));
    if value.get("schema").and_then(cost_engine::json::Json::as_text) == Some("hybridops.cost-price-book") {
        let book =
            PriceBook::read(&value).map_err(|source| Failure::Document { path: name.clone(), source })?;
        return priced(&book, &arguments.quantities).map_err(wrong);
    }
    let book = arguments.price_book.as_deref().map(|path| document(path, PriceBook::read)).transpose()?;
    let now = import(&value, bytes, book.as_ref()).map_err(wrong)?;
    let Some(path) = &arguments.from_before else { return Ok(now) };
    let before = read_large_file(path).map_err(Failure::file(path))?;
    let name = path.display().to_string();
    let value = parse(&before).map_err(|source| Failure::Json { path: name.clone(), source })?;
    let wrong = |error: cost_engine::import::ImportError| Failure::Other(format!("{name}: {error}"));
    let before = import(&value, &before, book.as_ref()).map_err(wrong)?;
    now.since(before).map_err(wrong)
}

fn head(arguments: &Arguments, imported: &Imported, source: Digest) -> Result<Head, Failure> {
    let about = &arguments.about;
    let now = Timestamp::now();
    let generated = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let days = std::time::Duration::from_secs(u64::from(about.valid_days) * 86_400);
    let as_told = || arguments.prices_as_of.map(|as_of| source_as_of(imported.format, as_of));
    let prices: Option<PriceSource> = imported.prices.clone().or_else(as_told);
    let mut emitter = vec![("system", about.system.clone())];
    for (name, value) in [("repository", &about.repository), ("commit", &about.commit)] {
        emitter.extend(value.clone().map(|value| (name, value)));
    }
    emitter.push(("tool", "hybridops".to_owned()));
    emitter.push(("toolVersion", env!("CARGO_PKG_VERSION").to_owned()));
    let target = about.provider_name.clone().map(|provider| Target {
        provider,
        account: about.account.clone(),
        region: about.region.clone(),
    });
    Ok(Head {
        run_id: about.run_id.clone(),
        component: about.component.clone(),
        env: about.env.clone(),
        owner: about.owner.clone(),
        purpose: about.purpose.clone(),
        scenario: about.scenario.clone(),
        baseline: about.baseline.clone(),
        currency: imported
            .currency
            .clone()
            .ok_or_else(|| Failure::Other("what is imported does not say its currency".to_owned()))?,
        generated,
        valid_until: generated + days,
        uncertainty: about.uncertainty.clone(),
        emitter,
        target,
        requires: about.requires.clone(),
        action: about.action.clone(),
        actions: about.actions.clone(),
        prices: prices.ok_or_else(|| {
            Failure::Other(
                "what is imported does not say when its prices held; name it with --prices-as-of".to_owned(),
            )
        })?,
        source,
        zero_cost_reason: about.zero_cost_reason.clone(),
    })
}

/// What a PEM file holds.
fn der(pem: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let text = std::str::from_utf8(pem).ok()?;
    let (_, rest) = text.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (body, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    let body: String = body.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(body).ok()
}

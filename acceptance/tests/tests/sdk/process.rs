//! The provider as a process: started, found, refused, abandoned, stopped.

use std::fs;
use std::time::{Duration, Instant};

use acceptance_tests::{Debugged, Identity, PluginProcess, Provider, channel, wait_until};
use anyhow::Result;
use tfplugin_proto::tfplugin6 as pb;

use crate::workspace;

#[test]
fn found_in_a_mirror_and_locked() -> Result<()> {
    let ws = workspace!();
    ws.remove(".terraform.lock.hcl")?;
    fs::remove_dir_all(ws.path(".terraform"))?;
    ws.init()?.ok()?.says("hybridops-studio/probe v0.1.0...")?;
    let lock = ws.read(".terraform.lock.hcl")?;
    assert!(lock.contains("provider \"registry.terraform.io/hybridops-studio/probe\""), "{lock}");
    assert!(lock.contains("\"h1:"), "{lock}");
    ws.run(&["version"])?.ok()?.says("+ provider registry.terraform.io/hybridops-studio/probe v0.1.0")?;
    Ok(())
}

#[test]
fn found_by_a_development_override() -> Result<()> {
    let ws = workspace!();
    let provider = &ws.providers()[0];
    let place = provider.place_in(&provider.mirror()?);
    let directory = place.parent().unwrap_or(&place);
    ws.configure_cli(&format!(
        "provider_installation {{\n  dev_overrides {{\n    \"{}\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
        provider.address,
        directory.display()
    ))?;
    ws.remove(".terraform.lock.hcl")?;
    fs::remove_dir_all(ws.path(".terraform"))?;
    ws.write("main.tf", "resource \"probe_null\" \"it\" {}")?;
    ws.apply()?.ok()?.says("Provider development overrides are in effect")?;
    Ok(())
}

#[test]
fn run_by_hand_it_says_what_it_is() -> Result<()> {
    let output = std::process::Command::new(&Provider::probe()?.binary)
        .env_remove("TF_PLUGIN_MAGIC_COOKIE")
        .output()?;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("plugin"), "{text}");
    Ok(())
}

#[test]
fn one_process_for_all_phases_when_debugged() -> Result<()> {
    let mut ws = workspace!();
    let debugged = Debugged::start(&ws.providers()[0].clone(), &ws.directory(), &ws.path("provider.log"))?;
    let (name, value) = debugged.variable();
    ws.set_env(name, value);
    // Neither installed nor locked: attaching needs no init.
    ws.remove(".terraform.lock.hcl")?;
    fs::remove_dir_all(ws.path(".terraform"))?;
    ws.write("main.tf", "resource \"probe_null\" \"it\" {}")?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    assert_eq!(ws.provider_processes()?, [debugged.process()], "no other process was started");
    ws.destroy()?.ok()?;
    assert!(debugged.process().is_alive(), "Terraform comes and goes");
    let status = debugged.end(rustix::process::Signal::INT)?;
    assert!(status.success(), "{status}");
    Ok(())
}

#[test]
fn a_temporary_directory_too_long_for_a_socket() -> Result<()> {
    let mut ws = workspace!();
    let used = ws.temporary().as_os_str().len();
    let long = ws.temporary().join("d".repeat(90_usize.saturating_sub(used)).as_str());
    fs::create_dir_all(&long)?;
    assert!(long.as_os_str().len() >= 90);
    ws.set_env("TMPDIR", long.display().to_string());
    ws.write("main.tf", "resource \"probe_null\" \"it\" {}")?;
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    assert_eq!(fs::read_dir(&long)?.count(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn only_the_host_may_connect() -> Result<()> {
    let (host, stranger) = (Identity::generate()?, Identity::generate()?);
    let mut plugin = PluginProcess::start(&Provider::probe()?.binary, Some(&host), &[])?;
    let handshake = plugin.handshake().clone();
    assert_eq!((handshake.core.as_str(), handshake.protocol.as_str()), ("1", "6"));
    assert_eq!((handshake.network.as_str(), handshake.transport.as_str()), ("unix", "grpc"));

    for identity in [None, Some(&stranger)] {
        // With TLS 1.3 the refusal may arrive with the first answer only.
        let refused = match handshake.connect(identity).await {
            Err(_) => true,
            Ok(mut client) => client.get_metadata(pb::get_metadata::Request {}).await.is_err(),
        };
        assert!(
            refused,
            "a connection with {} was served",
            identity.map_or("no certificate", |_| "another's")
        );
    }
    let mut plain = handshake.clone();
    plain.certificate.clear();
    let refused = match plain.connect(None).await {
        Err(_) => true,
        Ok(mut client) => client.get_metadata(pb::get_metadata::Request {}).await.is_err(),
    };
    assert!(refused, "a connection without TLS was served");
    assert!(plugin.process().is_alive(), "strangers do not end the process");

    let mut client = handshake.connect(Some(&host)).await?;
    let metadata = client.get_metadata(pb::get_metadata::Request {}).await?.into_inner();
    assert_eq!(metadata.resources.len(), 5);
    drop(client);
    let status = plugin.wait(Duration::from_secs(5))?;
    assert!(status.success(), "it ends with its only connection: {status}");
    assert!(!handshake.address.exists(), "and takes its socket along");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn shutdown_is_quick() -> Result<()> {
    use tfplugin_proto::plugin::{Empty, grpc_controller_client::GrpcControllerClient};
    let identity = Identity::generate()?;
    let mut plugin = PluginProcess::start(&Provider::probe()?.binary, Some(&identity), &[])?;
    let channel = channel(plugin.handshake(), Some(&identity)).await?;
    let asked = Instant::now();
    // The process may be gone before its answer.
    let _ = GrpcControllerClient::new(channel.clone()).shutdown(Empty {}).await;
    let status = plugin.wait(Duration::from_secs(2))?;
    assert!(status.success(), "{status}");
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    drop(channel);
    Ok(())
}

#[test]
fn a_plan_ends_without_waiting_for_the_provider() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", "resource \"probe_null\" \"it\" {}")?;
    ws.apply()?.ok()?;
    let output = ws.terraform()?.args(["plan", "-no-color"]).log("trace").run()?.ok()?;
    for warning in
        ["plugin failed to exit gracefully", "plugin did not exit", "unexpected data", "[WARN]  unexpected"]
    {
        assert!(!output.log.contains(warning), "{warning}: {output}");
    }
    // Lines of ours arrive whole, with their keys: nothing was taken for raw text.
    assert!(
        output.log.contains("[DEBUG] provider.terraform-provider-probe_v0.1.0: Served request: "),
        "{output}"
    );
    assert!(output.log.contains("tf_rpc=PlanResourceChange"), "{output}");
    let exits = output.log.matches("plugin process exited").count();
    let starts = output.log.matches("plugin started").count();
    assert!(starts >= 2 && exits == starts, "{starts} started, {exits} ended in order");
    ws.expect_no_processes()
}

/// Beside a plan of Terraform's own objects, which needs no provider process.
#[test]
fn a_provider_adds_less_than_a_second() -> Result<()> {
    let ws = workspace!();
    let mut quickest = [Duration::MAX; 2];
    for _ in 0..3 {
        for (index, (versions, config)) in [
            (ws.read("versions.tf")?, "resource \"probe_null\" \"it\" {}"),
            (String::new(), "resource \"terraform_data\" \"it\" {}"),
        ]
        .into_iter()
        .enumerate()
        {
            let kept = ws.read("versions.tf")?;
            ws.write("versions.tf", &versions)?;
            ws.write("main.tf", config)?;
            quickest[index] = quickest[index].min(ws.plan()?.ok()?.took);
            ws.write("versions.tf", &kept)?;
        }
    }
    let [with, without] = quickest;
    assert!(with < without + Duration::from_secs(1), "{with:?} with a provider, {without:?} without");
    Ok(())
}

/// Terraform killed outright tells its providers nothing: they must notice by themselves.
#[test]
fn orphans_end() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", "resource \"probe_null\" \"it\" { count = 50 }")?;
    ws.apply()?.ok()?;
    // A machine under load takes several times as long as an idle one: the pauses follow what a plan takes here.
    let whole = ws.plan()?.ok()?.took;
    let mut seen = 0;
    for round in 1..=20 {
        let run = ws.terraform()?.arg("plan").start()?;
        // From before the first provider starts until after the last one ended.
        let deadline = Instant::now() + whole * round / 18;
        while Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        seen += run.providers()?.len();
        run.kill()?;
    }
    assert!(seen > 0, "no provider ran when Terraform was killed");
    wait_until("the orphans to end", Duration::from_secs(30), || Ok(ws.provider_processes()?.is_empty()))
}

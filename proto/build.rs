//! Turns the `.proto` files into Rust: protox parses, tonic and prost write. No protoc is needed on any machine.

use std::error::Error;

const SOURCES: [&str; 3] = ["tfplugin6.proto", "plugin.proto", "tflint.proto"];
const FOLDER: &str = "proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={FOLDER}");
    let descriptors = protox::compile(SOURCES, [FOLDER])?;
    tonic_prost_build::configure().build_client(true).build_server(true).compile_fds(descriptors)?;
    Ok(())
}

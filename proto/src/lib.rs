//! Wire types of Terraform's plugin protocol 6, go-plugin's services and tflint's ruleset protocol.
//!
//! Generated at build time from the `.proto` files of this crate, which are written here and compatible with the
//! originals by name and number (`tests/wire.rs` compares them). Each service comes with its client and its server.
//! `bytes` fields are `Vec<u8>`.

/// Declares a module holding what was generated for one protobuf package.
macro_rules! package {
    ($(#[$doc:meta])* $module:ident = $package:literal) => {
        $(#[$doc])*
        #[allow(
            missing_docs,
            unreachable_pub,
            unused_qualifications,
            rust_2018_idioms,
            clippy::all,
            clippy::pedantic,
            clippy::unwrap_used,
            clippy::expect_used,
            clippy::panic,
            clippy::large_futures
        )]
        pub mod $module {
            tonic::include_proto!($package);
        }
    };
}

package! {
    /// Terraform's plugin protocol, major version 6, complete to 6.11: service `Provider`.
    tfplugin6 = "tfplugin6"
}
package! {
    /// go-plugin's own services: `GRPCController`, `GRPCStdio`, `GRPCBroker`.
    plugin = "plugin"
}
package! {
    /// tflint's ruleset protocol, version 11: services `RuleSet` (the plugin's) and `Runner` (the host's).
    tflint = "proto"
}

//! The panic hook and `catch_panic` together: what is caught carries its place.
#![allow(clippy::expect_used, clippy::panic)]

use go_plugin::{catch_panic, install_panic_hook};

#[tokio::test]
async fn a_caught_panic_knows_where_it_came_from() {
    install_panic_hook();
    let outer = catch_panic(async {
        tokio::task::yield_now().await;
        let inner = catch_panic(async { panic!("inner") }).await.map(|(): ()| ());
        assert_eq!(inner.expect_err("panics").message, "inner");
        tokio::task::yield_now().await;
        panic!("outer");
    });
    let error = outer.await.map(|(): ()| ()).expect_err("panics");
    assert_eq!(error.message, "outer");
    assert!(error.location.as_deref().is_some_and(|location| location.contains("panic.rs:")), "{error:?}");
    assert!(error.backtrace.contains("a_caught_panic_knows_where_it_came_from"), "{}", error.backtrace);
}

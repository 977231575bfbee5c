//! Answers that do not come from the API, and what is said of them.

use domain_netbox::api::{Error, NetBox, Settings};
use serde_json::json;
use transport_rest::{Budget, Secret};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn told(answer: ResponseTemplate) -> Error {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer.insert_header("Retry-After", "0")).mount(&server).await;
    let mut settings = Settings::new(format!("{}/netbox/", server.uri()).parse().unwrap());
    settings.token = Some(Secret::new("nbt_canary.secret"));
    settings.headers.insert("X-Proxy-Key".into(), Secret::new("canary-header"));
    let client = NetBox::new(settings).unwrap();
    let query = [("slug".to_owned(), "x".to_owned())];
    let error = client.list("dcim/sites", &query, None, &Budget::unlimited()).await.unwrap_err();
    let requests = server.received_requests().await.unwrap();
    let headers = &requests[0].headers;
    assert_eq!(headers.get("authorization").unwrap(), "Bearer nbt_canary.secret");
    assert_eq!(headers.get("x-proxy-key").unwrap(), "canary-header");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("canary"), "{shown}");
    error
}

#[tokio::test]
async fn pages_and_redirects_are_told_with_what_to_check() {
    let html =
        |status, body: &str| ResponseTemplate::new(status).set_body_raw(body, "text/html; charset=utf-8");
    let json = |body: &str| ResponseTemplate::new(200).set_body_raw(body, "application/json");
    let redirect = |to: &str| ResponseTemplate::new(302).insert_header("Location", to);
    for (answer, parts) in [
        (
            html(200, "<html><head><title>Sign in - Example SSO</title>"),
            &["GET /netbox/api/dcim/sites/", "200", "Sign in - Example SSO", "text/html", "proxy", "headers"]
                [..],
        ),
        (html(200, "<h1>It works!</h1>"), &["It works!", "Check that url"]),
        (
            html(502, "<title>502 Bad Gateway</title>nbt_canary.secret"),
            &["502", "502 Bad Gateway", "tried 4 times", "front of NetBox"],
        ),
        (html(403, "<title>Access denied</title>"), &["403", "Access denied", "firewall"]),
        (html(400, "<title>Bad Request (400)</title>"), &["400", "ALLOWED_HOSTS"]),
        (html(404, "<title>Page Not Found | NetBox</title>"), &["404", "Page Not Found", "Check that url"]),
        (redirect("https://sso.example/login?token=canary"), &["302", "sso.example/login", "login"]),
        (
            redirect("https://netbox.example/api/dcim/sites/"),
            &["302", "https://netbox.example/api", "Set url"],
        ),
        (json(r#"{"count": 1, "results": [{"id": 1, "na"#), &["not whole", "cut in the middle"]),
        (json(r#"{"hello": "world"}"#), &["results"]),
    ] {
        let error = told(answer).await;
        let text = error.to_string();
        assert!(matches!(error, Error::NotTheApi(_)), "{error:?}");
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
    }
}

#[tokio::test]
async fn stated_failures_keep_the_server_s_words() {
    let answer =
        |status, detail: &str| ResponseTemplate::new(status).set_body_json(json!({ "detail": detail }));
    let error = told(answer(403, "Invalid v2 token")).await;
    assert!(matches!(error, Error::Unauthenticated { .. }) && error.to_string().contains("Invalid v2 token"));
    let error = told(answer(403, "You do not have permission to perform this action.")).await;
    assert!(error.is_forbidden() && error.to_string().contains("dcim.view_site"), "{error}");
    let error = told(answer(503, "maintenance nbt_canary.secret")).await;
    assert!(error.to_string().contains("maintenance") && matches!(error, Error::Rejected(_)), "{error}");
}

#[tokio::test]
async fn nobody_at_home_is_told_by_the_transport() {
    let client = NetBox::new(Settings::new("http://127.0.0.1:9".parse().unwrap())).unwrap();
    let error = client.version(&Budget::unlimited()).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)) && error.to_string().contains("127.0.0.1:9"), "{error}");
    let budget = Budget::unlimited();
    budget.cancel.cancel();
    assert!(client.version(&budget).await.unwrap_err().is_interrupted());
}

//! Writes over HTTP: conflicts, patches, who may call at all.

use serde_json::{Value, json};

use super::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_let_in_without_a_credential() {
    let rig = Rig::start().await;
    for path in ["/version", "/readyz", "/livez", "/api/v1/nodes"] {
        let answer = rig.http(None).get(format!("{}{path}", rig.url)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401, "{path}");
        let status: Value = answer.json().await.unwrap();
        assert_eq!(status["reason"], "Unauthorized");
    }
    let ready = rig.admin().get(format!("{}/readyz?verbose", rig.url)).send().await.unwrap();
    assert_eq!(ready.status().as_u16(), 200);
    let text = ready.text().await.unwrap();
    assert!(text.contains("[+]etcd ok\n") && text.ends_with("readyz check passed\n"), "{text}");
    let version: Value =
        rig.admin().get(format!("{}/version", rig.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(version["gitVersion"], "v1.33.4+rke2r1");
    assert_eq!((version["major"].as_str(), version["minor"].as_str()), (Some("1"), Some("33")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_revision_is_a_conflict_with_the_sentence_of_upstream() {
    let rig = Rig::start().await;
    let url = format!("{}/api/v1/namespaces/default/configmaps", rig.url);
    let http = rig.admin();
    let object =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "data": { "k": "1" } });
    let created: Value = http.post(&url).json(&object).send().await.unwrap().json().await.unwrap();
    let again = http.post(&url).json(&object).send().await.unwrap();
    assert_eq!(again.status().as_u16(), 409);
    assert_eq!(again.json::<Value>().await.unwrap()["message"], "configmaps \"a\" already exists");
    let mut newer = created.clone();
    newer["data"]["k"] = json!("2");
    assert_eq!(http.put(format!("{url}/a")).json(&newer).send().await.unwrap().status().as_u16(), 200);
    newer["data"]["k"] = json!("3");
    let refused = http.put(format!("{url}/a")).json(&newer).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 409);
    let status: Value = refused.json().await.unwrap();
    assert_eq!(status["reason"], "Conflict");
    assert_eq!(
        status["message"],
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_is_owned_and_conflicts_name_the_owner() {
    let rig = Rig::start().await;
    let http = rig.admin();
    let apply = |manager: &'static str, force: bool, value: &'static str| {
        let request = http
            .patch(format!(
                "{}/api/v1/namespaces/default/configmaps/a?fieldManager={manager}&force={force}",
                rig.url
            ))
            .header("content-type", "application/apply-patch+yaml")
            .body(format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: '{value}'\n"));
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        }
    };
    let (code, created) = apply("one", false, "1").await;
    assert_eq!(code, 201);
    assert_eq!(created["metadata"]["managedFields"][0]["manager"], "one");
    assert_eq!(created["metadata"]["managedFields"][0]["fieldsV1"], json!({ "f:data": { "f:k": {} } }));
    let (code, same) = apply("one", false, "1").await;
    assert_eq!(code, 200);
    assert_eq!(same["metadata"]["resourceVersion"], created["metadata"]["resourceVersion"]);
    let (code, refused) = apply("two", false, "2").await;
    assert_eq!(code, 409);
    assert_eq!(refused["message"], "Apply failed with 1 conflict: conflict with \"one\" using v1: .data.k");
    let (code, forced) = apply("two", true, "2").await;
    assert_eq!((code, &forced["data"]["k"]), (200, &json!("2")));
    // A plain update by a third makes the field its own.
    let patch = json!({ "data": { "k": "3" } });
    let updated: Value = http
        .patch(format!("{}/api/v1/namespaces/default/configmaps/a?fieldManager=three", rig.url))
        .header("content-type", "application/merge-patch+json")
        .body(patch.to_string())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let owners: Vec<&str> = updated["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["manager"].as_str().unwrap())
        .collect();
    assert_eq!(owners, ["three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_token_does_what_its_role_allows() {
    let rig = Rig::start().await;
    rig.client
        .create(
            "serviceaccounts",
            "default",
            json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "reader" } }),
        )
        .await
        .unwrap();
    let url = format!("{}/api/v1/namespaces/default/serviceaccounts/reader/token", rig.url);
    let short = json!({ "spec": { "expirationSeconds": 60 } });
    assert_eq!(rig.admin().post(&url).json(&short).send().await.unwrap().status().as_u16(), 422);
    let request = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": { "expirationSeconds": 900 } });
    let answer: Value = rig.admin().post(&url).json(&request).send().await.unwrap().json().await.unwrap();
    let token = answer["status"]["token"].as_str().unwrap().to_owned();
    let get = |path: &'static str| {
        let request = rig.http(None).get(format!("{}{path}", rig.url)).bearer_auth(&token);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        }
    };
    let (code, refused) = get("/api/v1/namespaces/default/configmaps").await;
    assert_eq!(code, 403);
    assert_eq!(
        refused["message"],
        "configmaps is forbidden: User \"system:serviceaccount:default:reader\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\""
    );
    let binding = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": "reader" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
        "subjects": [{ "kind": "ServiceAccount", "name": "reader", "namespace": "default" }] });
    rig.client.create("clusterrolebindings.rbac.authorization.k8s.io", "", binding).await.unwrap();
    rig.until("the binding to count", || async {
        get("/api/v1/namespaces/default/configmaps").await.0 == 200
    })
    .await;
    assert_eq!(get("/api/v1/namespaces/default/secrets").await.0, 403);
    // A token dies with its account.
    rig.client.delete("serviceaccounts", "default", "reader").await.unwrap();
    assert_eq!(get("/api/v1/namespaces/default/configmaps").await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_one_revision() {
    let rig = Rig::start().await;
    for name in ["a", "b", "c", "d", "e"] {
        let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name } });
        rig.client.create("configmaps", "default", object).await.unwrap();
    }
    let url = format!("{}/api/v1/namespaces/default/configmaps?limit=2", rig.url);
    let page = |token: String| {
        let request = rig.admin().get(format!("{url}&continue={token}"));
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let names = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = page(String::new()).await;
    assert_eq!(
        (names(&first), &first["metadata"]["remainingItemCount"]),
        (vec!["a".to_owned(), "b".to_owned()], &json!(3))
    );
    rig.client.delete("configmaps", "default", "c").await.unwrap();
    let second = page(first["metadata"]["continue"].as_str().unwrap().to_owned()).await;
    assert_eq!(names(&second), ["c", "d"], "the page shows the revision of the first");
    let third = page(second["metadata"]["continue"].as_str().unwrap().to_owned()).await;
    assert_eq!(names(&third), ["e"]);
    assert!(third["metadata"].get("continue").is_none());
}

//! What the OpenAPI document says of the answers is what a running server answers,
//! whatever is sent to it.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use usermgmt_test_support::Server;

#[cfg(feature = "oidc")]
use crate::providers;

const ROOT: &str = "root@example.org";
/// In no example of the document: one that changes it would leave nobody to sign in.
const ROOT_PASSWORD: &str = "jacquard loom no. 3";

/// Makes an administrator by the link that the command prints.
async fn make_administrator(server: &Server) {
    let create = ["admin", "create", "--username", "root", "--email", ROOT, "--link"];
    let link = server.setup().command().args(create).output().unwrap().stdout;
    let link = String::from_utf8(link).unwrap();
    let token = link.trim().split("token=").nth(1).unwrap();
    let body = json!({ "token": token, "new_password": ROOT_PASSWORD });
    assert_eq!(server.post("/api/v1/password/reset", body).await.status, 200);
}

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,\
                      unsupported_method,allow_header_conformance,negative_data_rejection";

/// How much is tried; the same in every run.
const EXTENT: [&str; 7] = [
    "--phases=examples,coverage,fuzzing",
    "--max-examples=8",
    "--seed=7",
    "--continue-on-failure",
    "--generation-database=none",
    "--warnings=off",
    "--checks",
];

#[tokio::test]
async fn every_answer_is_one_that_the_document_describes() {
    let python = std::env::var("USERMGMT_TEST_PYTHON").expect(
        "USERMGMT_TEST_PYTHON must name a Python interpreter that has schemathesis; \
         `bash .ci/test` installs it and sets the variable",
    );
    #[cfg(feature = "oidc")]
    let setup = providers::setup(&providers::provider().await);
    #[cfg(not(feature = "oidc"))]
    let setup = usermgmt_test_support::Setup::new();
    #[cfg(feature = "passkeys")]
    let setup = setup.var("USERMGMT_SIGN_IN__PASSKEYS", "true");
    let server = setup
        .var("USERMGMT_LIMITS__ENABLED", "false")
        .var("USERMGMT_LEAST_REQUEST_TIME", "0s")
        .var("USERMGMT_SIGN_IN__EMAIL", "true")
        .start()
        .await;
    make_administrator(&server).await;
    let folder = server.setup().dir().to_owned();
    let document = server.get("/openapi.json").await.json();
    std::fs::write(folder.join("document.json"), document.to_string()).unwrap();
    // An administrator is there; whom it registers by itself could not be confirmed.
    std::fs::write(folder.join("schemathesis.toml"), "[auth]\nauto-signup = false\n").unwrap();
    let hooks = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/schemathesis_hooks.py");
    let mut command = Command::new(Path::new(&python).with_file_name("schemathesis"));
    command
        .args(["run", "document.json", "--url", &server.base])
        .args(EXTENT)
        .arg(CHECKS)
        .current_dir(&folder)
        .env("SCHEMATHESIS_HOOKS", hooks)
        .env("BASE", &server.base)
        .env("ADMIN_EMAIL", ROOT)
        .env("ADMIN_PASSWORD", ROOT_PASSWORD);
    // Beside the provider, which answers here.
    let ran = tokio::task::spawn_blocking(move || command.output());
    let output = ran.await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", server.log());
    let operations = document["paths"].as_object().unwrap().values();
    let operations: usize = operations.map(|item| item.as_object().unwrap().len()).sum();
    assert!(said.contains(&format!("Tested: {operations}")), "{said}");
}

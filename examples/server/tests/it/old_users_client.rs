//! A script that was written for the old users service, against this one.

use std::process::Command;

use usermgmt_test_support::Server;

#[tokio::test]
async fn a_client_of_the_old_users_service_finds_everything_behind_a_new_base_url() {
    let python = std::env::var("USERMGMT_TEST_PYTHON").expect(
        "USERMGMT_TEST_PYTHON must name a Python interpreter that has `requests`; \
         `bash .ci/test` sets it",
    );
    let server = Server::start().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/old_users_client.py");
    let make_key = server.setup().args(&["service-key", "create", "--name", "old client"]);
    let key = make_key.command().output().unwrap();
    let output = Command::new(python)
        .arg(script)
        .arg(format!("{}/api/users", server.base))
        .arg(String::from_utf8(key.stdout).unwrap().trim())
        .arg(server.data_dir().join("mail"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

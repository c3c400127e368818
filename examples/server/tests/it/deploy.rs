//! The files that the server is deployed with name settings that there are, and give
//! it settings that it starts with.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use usermgmt_test_support::Setup;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");

/// A file of the folder.
fn text(name: &str) -> String {
    std::fs::read_to_string(Path::new(FOLDER).join(name)).unwrap()
}

/// The documents of a YAML file, as JSON. PyYAML comes with kubernetes-validate.
fn yaml(name: &str) -> Vec<Value> {
    let python = std::env::var("USERMGMT_TEST_PYTHON").expect(
        "USERMGMT_TEST_PYTHON must name a Python interpreter that has the packages of \
         .ci/requirements.txt",
    );
    let program =
        "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin.buffer))))";
    let mut process = Command::new(python)
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(text(name).as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{name} is not YAML; the error is above");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Names and values of a mapping.
fn entries(of: &Value) -> BTreeMap<String, Value> {
    serde_json::from_value(of.clone()).unwrap_or_else(|e| panic!("{of} is no mapping: {e}"))
}

/// Those of the server's own variables.
fn settings(of: &Value) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => panic!("a variable is a text, and {other} is none"),
    };
    entries(of).into_iter().map(|(name, value)| (name, text(value))).collect()
}

/// `NAME=value` of an `ENV` of the Dockerfile.
fn image() -> BTreeMap<String, String> {
    let dockerfile = text("Dockerfile").replace("\\\n", " ");
    let lines = dockerfile.lines().filter_map(|line| line.strip_prefix("ENV "));
    let found: BTreeMap<_, _> = lines
        .flat_map(str::split_whitespace)
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert!(found.contains_key("USERMGMT_LISTEN"), "{found:?}");
    found
}

/// Whether the server would start with these variables.
fn check(name: &str, setup: &Setup, args: &[&str], variables: &BTreeMap<String, String>) {
    let output = setup
        .command()
        .env_clear()
        .envs(variables)
        .args(args)
        .args(["config", "check"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}");
}

fn secret() -> String {
    "A".repeat(42) + "I"
}

fn variables_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            variables_in(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let words =
            text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
        found.extend(words.filter(|word| word.starts_with("USERMGMT_")).map(str::to_owned));
    }
}

#[test]
fn every_variable_is_a_setting() {
    let mut variables = BTreeSet::new();
    variables_in(Path::new(FOLDER), &mut variables);
    assert!(variables.len() > 8, "{variables:?}");
    // An empty variable is not set, but an unknown one is named.
    let setup = Setup::new();
    let mut check = setup.command();
    check.args(["config", "check"]);
    for variable in &variables {
        check.env(variable, "");
    }
    let output = check.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("unknown setting"), "{said}");
}

/// What Compose makes of `${NAME:-otherwise}` and `${NAME:?why}`, with nothing but the
/// root secret set.
fn interpolated(value: &str) -> String {
    let Some(inner) = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
        assert!(!value.contains('$'), "{value}");
        return value.to_owned();
    };
    match inner.split_once(":-") {
        Some((_, otherwise)) => otherwise.to_owned(),
        None if inner.starts_with("USERMGMT_SECRET:?") => secret(),
        None => panic!("{value} is to be given, and the first lines of the file do not say so"),
    }
}

#[test]
fn the_server_starts_with_what_each_compose_file_gives_it() {
    for name in ["compose.postgres.yaml", "compose.mysql.yaml", "compose.mongo.yaml"] {
        let file = yaml(name).remove(0);
        let services = entries(&file["services"]);
        let server = &services["server"];
        for other in entries(&server["depends_on"]).keys() {
            assert!(services.contains_key(other), "{name} has no {other}");
        }
        let mut variables = image();
        for (variable, value) in settings(&server["environment"]) {
            variables.insert(variable, interpolated(&value));
        }
        for url in ["USERMGMT_DATABASE_URL", "USERMGMT_MAIL__URL"] {
            let url = url::Url::parse(&variables[url]).unwrap();
            assert!(services.contains_key(url.host_str().unwrap()), "{name}: {url}");
        }
        check(name, &Setup::new(), &[], &variables);
    }
}

/// A container's variables, with those of the ConfigMaps that it names. They must be
/// made by then.
fn of_container(container: &Value, made: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let mut variables = image();
    for from in container["envFrom"].as_array().unwrap() {
        let name = from["configMapRef"]["name"].as_str().unwrap();
        let data = made.get(name).unwrap_or_else(|| panic!("there is no ConfigMap {name} yet"));
        variables.extend(settings(data));
    }
    for variable in container["env"].as_array().unwrap() {
        let [name, value] = ["name", "value"].map(|key| variable[key].as_str().unwrap().to_owned());
        variables.insert(name, value);
    }
    variables
}

#[test]
fn the_server_starts_with_what_kubernetes_gives_it_in_the_order_that_is_documented() {
    let setup = Setup::new();
    let secrets = [
        ("secret", secret()),
        ("database_url", "postgres://usermgmt:usermgmt@database/usermgmt".to_owned()),
        ("mail_url", "smtps://usermgmt:usermgmt@mail.example.org".to_owned()),
    ];
    for (name, value) in secrets {
        std::fs::write(setup.dir().join(name), value).unwrap();
    }
    let mut maps = BTreeMap::new();
    let mut checked = 0;
    for name in ["config.yaml", "migrate.yaml", "usermgmt.yaml"] {
        for object in yaml(&format!("kubernetes/{name}")) {
            if object["kind"] == "ConfigMap" {
                let called = object["metadata"]["name"].as_str().unwrap().to_owned();
                maps.insert(called, object["data"].clone());
            }
            for container in object["spec"]["template"]["spec"]["containers"]
                .as_array()
                .map_or(&[][..], Vec::as_slice)
            {
                let mut variables = of_container(container, &maps);
                for value in variables.values_mut() {
                    if let Some(file) = value.strip_prefix("/run/usermgmt/") {
                        *value = setup.dir().join(file).display().to_string();
                    }
                }
                check(name, &setup, &[], &variables);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 2);
}

#[test]
fn the_server_starts_with_what_elastic_beanstalk_gives_it() {
    let options =
        entries(&yaml("elastic-beanstalk/.ebextensions/usermgmt.config")[0]["option_settings"]);
    let mut variables = settings(&options["aws:elasticbeanstalk:application:environment"]);
    // What the secret there is to have.
    let named = variables.remove("USERMGMT_SECRETS__URL").unwrap();
    assert!(named.starts_with("aws-secretsmanager://"), "{named}");
    let database = "postgres://usermgmt:usermgmt@database/usermgmt".to_owned();
    variables.insert("USERMGMT_SECRET".to_owned(), secret());
    variables.insert("USERMGMT_DATABASE_URL".to_owned(), database);
    // The role of the instances, which SES is asked with.
    for credential in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        variables.insert(credential.to_owned(), "of-the-test".to_owned());
    }
    let procfile = text("elastic-beanstalk/Procfile");
    let args = procfile.trim().strip_prefix("web: ./usermgmt-server ").unwrap();
    let args: Vec<&str> = args.split_whitespace().collect();
    check("Elastic Beanstalk", &Setup::new(), &args, &variables);

    // The platform's nginx ends a connection that is silent for 60 seconds.
    let idle = options["aws:elbv2:loadbalancer"]["IdleTimeout"].as_str().unwrap();
    assert!(idle.parse::<u32>().unwrap() < 60, "{idle}");
}

/// systemd copies a credential at the start, once: SIGHUP would read the old one again.
#[test]
fn the_unit_reads_its_secret_where_it_can_be_exchanged() {
    let unit = text("systemd/usermgmt-server.service");
    assert!(unit.contains("\nExecReload="), "{unit}");
    assert!(unit.contains("USERMGMT_SECRET_FILE=/etc/"), "{unit}");
    for copied in ["LoadCredential", "SetCredential", "ImportCredential"] {
        assert!(!unit.contains(copied), "{copied}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn systemd_is_told_of_the_start_the_life_and_the_stop() {
    let setup = Setup::new();
    let path = setup.dir().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let path = path.display().to_string();
    let server = setup.var("NOTIFY_SOCKET", path).var("WATCHDOG_USEC", "200000").start().await;
    let hear = |expected: &str| {
        let mut message = [0; 4096];
        let heard = (0..600).any(|_| {
            let length = socket.recv(&mut message).unwrap();
            str::from_utf8(&message[..length]).unwrap().lines().any(|line| line == expected)
        });
        assert!(heard, "{expected}");
    };
    hear("READY=1");
    hear("WATCHDOG=1");
    server.signal("TERM");
    hear("STOPPING=1");
}

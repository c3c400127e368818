//! Programs that make clients read the OpenAPI document without complaint, and what
//! they make compiles.

use std::path::{Path, PathBuf};
use std::process::Command;

use usermgmt_test_support::Setup;

/// The tests' Python, Node beside it, and what runs on both.
struct Tools {
    bin: PathBuf,
    folder: tempfile::TempDir,
}

impl Tools {
    /// In a folder with the document of this version of OpenAPI.
    fn with_document(version: &str) -> Self {
        let python = std::env::var("USERMGMT_TEST_PYTHON").expect(
            "USERMGMT_TEST_PYTHON must name a Python interpreter that has the packages of \
             .ci/requirements.txt, with those of .ci/package.json beside it; `bash .ci/test` \
             installs them and sets it",
        );
        let tools = Self {
            bin: Path::new(&python).parent().unwrap().to_owned(),
            folder: tempfile::tempdir().unwrap(),
        };
        let print = Setup::new().args(&["openapi", "--version", version]);
        let document = print.command().output().unwrap().stdout;
        std::fs::write(tools.folder.path().join("openapi.json"), document).unwrap();
        tools
    }

    /// Runs a program in the folder: it succeeds, and warns of nothing.
    fn run(&self, program: &str, arguments: &[&str]) {
        let modules = self.bin.parent().unwrap().join("node_modules/.bin");
        let found = [&self.bin, &modules].map(|folder| folder.join(program));
        let found = found.iter().find(|path| path.exists());
        let found = found.unwrap_or_else(|| {
            panic!("{program} is not in {} or {}", self.bin.display(), modules.display())
        });
        let path = std::env::var("PATH").unwrap();
        let output = Command::new(found)
            .args(arguments)
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", self.bin.display()))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success(), "{program}: {said}");
        assert!(!said.to_lowercase().contains("warning"), "{program}: {said}");
    }
}

/// Everything that was made is imported.
const IMPORT: &str = "
import pkgutil, importlib, sys
sys.path.insert(0, '.')
import client
names = [found.name for found in pkgutil.walk_packages(client.__path__, 'client.')]
assert len(names) > 100, names
for name in names: importlib.import_module(name)
";

#[test]
fn a_python_client_is_made_of_the_document_and_imports() {
    for version in ["3.0", "3.1"] {
        let tools = Tools::with_document(version);
        let made = ["--output-path", "client", "--meta", "none", "--fail-on-warning"];
        let arguments = ["generate", "--path", "openapi.json"];
        tools.run("openapi-python-client", &[&arguments[..], &made[..]].concat());
        tools.run("python", &["-c", IMPORT]);
    }
}

#[test]
fn typescript_clients_are_made_of_the_document_and_compile() {
    for version in ["3.0", "3.1"] {
        let tools = Tools::with_document(version);
        tools.run("openapi-typescript", &["openapi.json", "--output", "types.ts"]);
        let orval = ["--input", "./openapi.json", "--output", "./orval.ts", "--client", "fetch"];
        tools.run("orval", &[&orval[..], &["--fail-on-warnings"]].concat());
        let strict = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext"];
        let browser = ["--moduleResolution", "bundler", "--lib", "es2022,dom,dom.iterable"];
        tools.run("tsc", &[&strict[..], &browser[..], &["types.ts", "orval.ts"]].concat());
    }
}

//! A client that a public generator makes of the API's description: it is made without a warning, imports, and asks.

use flow_tests::flowd::Said;
use flow_tests::{Flowd, Namespace, bins, skip};

const CONFIGURATION: &str = "\
set interfaces ethernet lo flow monitor M direction input
set flow monitor M record netflow-original
set flow sampler S mode random
set flow sampler S rate 2
";

/// `tests/run` installs these of PyPI into a virtual environment, whose programs it puts on the path.
const TOOLS: &[&str] = &["ip", "openapi-python-client", "openapi-spec-validator"];

#[test]
fn a_generated_client_asks_and_is_answered() {
    if !skip::able("a generated client of the API", TOOLS) {
        return;
    }
    let namespace = Namespace::new("generated-client");
    let flowd = Flowd::start(&namespace);
    flowd.configure(CONFIGURATION);
    let document = flowd.file("openapi.json", flowd.get("/v1/openapi.json").to_string());
    let python = skip::find("openapi-python-client")
        .expect("it is installed")
        .with_file_name("python3");
    let folder = tempfile::tempdir().unwrap();
    let script = bins::workspace().join("tests/tests/generated_client/ask.py");
    let said: Said = skip::command(python.to_str().unwrap())
        .arg(script)
        .arg(document)
        .arg(flowd.socket())
        .arg(folder.path())
        .output()
        .unwrap()
        .into();
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.ends_with("14 answers\n"), "{}", said.out);
}

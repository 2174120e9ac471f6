//! Notes about what a test leaves out for want of a tool, a privilege or data. Crates that must not depend on this one include
//! the file by path.

use std::fs::OpenOptions;
use std::io::Write;

/// Writes that `what` is not tested and why: to standard error, which the test runner does not capture here, and to the
/// file that `FLOW_TESTS_SKIPPED` names, which `tests/run` prints at its end.
pub fn note(what: &str, why: &str) {
    let line = format!("skipped: {what}: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Ok(path) = std::env::var("FLOW_TESTS_SKIPPED")
        && let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path)
    {
        let _ = file.write_all(line.as_bytes());
    }
}

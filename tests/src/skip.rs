//! What cannot be tested on this machine is said, never passed over.

use std::process::Command;

pub use crate::note::note;

/// Whether namespaces can be made and every one of `tools` is installed; says what is missing when not.
///
/// # Panics
/// When something is missing and `FLOW_TESTS_REQUIRE=1`.
pub fn able(test: &str, tools: &[&str]) -> bool {
    let mut missing: Vec<String> = tools
        .iter()
        .filter(|tool| !installed(tool))
        .map(|tool| format!("{tool} is not installed"))
        .collect();
    if !nix::unistd::geteuid().is_root() {
        missing.push("network namespaces need root".into());
    }
    if missing.is_empty() {
        return true;
    }
    let why = missing.join(", ");
    assert!(
        std::env::var("FLOW_TESTS_REQUIRE").as_deref() != Ok("1"),
        "{test}: {why}"
    );
    note(test, &why);
    false
}

fn installed(tool: &str) -> bool {
    let found = |dir: &str| std::path::Path::new(dir).join(tool).exists();
    std::env::var("PATH")
        .unwrap_or_default()
        .split(':')
        .chain(["/usr/sbin", "/sbin"])
        .any(found)
}

/// A command with the system administration directories on its path.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .env("TZ", "UTC")
        .env("LC_ALL", "C.UTF-8");
    command
}

//! Decides whether a test can run on this machine. A test that cannot is noted, never skipped silently.

use std::path::{Path, PathBuf};
use std::process::Command;

pub use crate::note::note;

/// Whether namespaces can be made and all `tools` are installed. If not, notes what is missing.
///
/// # Panics
/// When something is missing and `FLOW_TESTS_REQUIRE=1` is set.
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
    find(tool).is_some()
}

/// Returns the path of a tool: on `PATH`, or among those that `tests/run` installed for the tests alone.
pub fn find(tool: &str) -> Option<PathBuf> {
    let listed = |name| std::env::var(name).unwrap_or_default();
    let (path, own) = (listed("PATH"), listed("FLOW_TESTS_TOOLS"));
    path.split(':')
        .chain(["/usr/sbin", "/sbin"])
        .chain(own.split(':'))
        .map(|dir| Path::new(dir).join(tool))
        .find(|path| path.exists())
}

/// Makes a command whose `PATH` includes the system administration directories.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .env("TZ", "UTC")
        .env("LC_ALL", "C.UTF-8");
    command
}

//! Paths of the built programs and of the workspace.

use std::path::PathBuf;

/// Returns the path of a program of this workspace: in `FLOW_TESTS_BIN` if that is set, else beside the test executable.
///
/// # Panics
/// When the program is not built.
pub fn path(program: &str) -> PathBuf {
    let dir = match std::env::var_os("FLOW_TESTS_BIN") {
        Some(dir) => PathBuf::from(dir),
        None => {
            let own = std::env::current_exe().expect("a test has an executable");
            // target/debug/deps/TEST-HASH
            own.ancestors()
                .nth(2)
                .expect("a target directory")
                .to_path_buf()
        }
    };
    let path = dir.join(program);
    assert!(
        path.exists(),
        "{} is not built: run `cargo build --workspace` first, as tests/run does",
        path.display()
    );
    path
}

/// Returns the root folder of the workspace.
pub fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the path of a program of this workspace as text, for a command line.
pub fn program(name: &str) -> String {
    path(name).to_str().expect("a path in UTF-8").to_owned()
}

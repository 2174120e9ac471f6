//! Where the built programs are.

use std::path::PathBuf;

/// The path of a program of this workspace: in `FLOW_TESTS_BIN` if that is set, else beside the test executable.
///
/// # Panics
/// When it is not built.
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

/// The workspace's root.
pub fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The same as text.
pub fn program(name: &str) -> String {
    path(name).to_str().expect("a path in UTF-8").to_owned()
}

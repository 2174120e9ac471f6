//! The rules that keep locks and clocks off a packet's way are broken here on purpose: clippy has to say so.

use std::path::Path;
use std::process::Output;

use flow_tests::bins::workspace;
use flow_tests::skip;

/// The crates on a packet's way, from the ring to the cache.
const CRATES: [&str; 5] = ["capture", "wire", "fib", "flow", "meter"];
/// Lines that break a rule, each by itself.
const BROKEN: [&str; 5] = [
    "pub static A: std::sync::Mutex<u8> = std::sync::Mutex::new(0);",
    "pub fn b(it: &std::sync::RwLock<u8>) -> u8 { *it.read().unwrap() }",
    "pub fn c() -> std::sync::Condvar { Default::default() }",
    "pub fn d() -> std::time::Instant { std::time::Instant::now() }",
    "pub fn e() -> std::time::SystemTime { std::time::SystemTime::now() }",
];

/// Clippy on a file, with the configuration of a crate and the workspace's levels.
fn clippy(name: &str, text: &str, dir: &Path) -> Output {
    let file = dir.join("lib.rs");
    std::fs::write(&file, text).unwrap();
    skip::command("clippy-driver")
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
        ])
        .args([
            "-D",
            "clippy::all",
            "-D",
            "clippy::disallowed_methods",
            "--out-dir",
        ])
        .arg(dir)
        .arg(file)
        .env("CLIPPY_CONF_DIR", workspace().join("flowd").join(name))
        .output()
        .expect("clippy runs")
}

#[test]
fn no_lock_and_no_clock_on_a_packets_way() {
    if !skip::able("lints", &["clippy-driver"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for name in CRATES {
        let manifest = workspace().join("flowd").join(name).join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name} has the workspace's lints"
        );
        let kept = clippy(name, "pub fn one() -> u8 { 1 }", dir.path());
        assert!(
            kept.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&kept.stderr)
        );
        let broken = clippy(name, &BROKEN.join("\n"), dir.path());
        let said = String::from_utf8_lossy(&broken.stderr);
        assert!(!broken.status.success(), "{name}: {said}");
        for line in 1..=BROKEN.len() {
            assert!(
                said.contains(&format!("lib.rs:{line}:")),
                "{name}: nothing about line {line}: {said}"
            );
        }
    }
}

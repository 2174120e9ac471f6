//! The rules that keep locks and clocks off a packet's way are broken here on purpose: clippy has to say so. And rules that no lint of
//! clippy's says, looked for in the text.

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

/// The files of a service that read the configuration: `settings.rs`, and what is below `settings`.
fn settings_files(dir: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let of_settings = path.components().any(|part| {
            let name = part.as_os_str();
            name == "settings" || name == "settings.rs"
        });
        match path.is_dir() {
            true if path.ends_with("fuzz") || path.ends_with("tests") => {}
            true => settings_files(&path, found),
            false if of_settings => found.push(path),
            false => {}
        }
    }
}

/// A literal, or a constant that is not the schema's, in place of what is not configured.
fn default_in(text: &str) -> Option<&str> {
    let pattern = r#"(unwrap_or|map_or|or)\(\s*(-?[0-9]|"|Duration::from|Some\((-?[0-9]|"))"#;
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let found = regex::Regex::new(pattern).unwrap().find(text)?;
    text[found.start()..].lines().next()
}

#[test]
fn settings_take_their_defaults_from_the_schema() {
    assert!(default_in("number(node, \"ttl\").unwrap_or(64)").is_some());
    assert!(default_in("value.map_or(\n  \"input\", f)").is_some());
    assert!(default_in("number(node, \"ttl\").unwrap_or(const { default_u8(TTL) })").is_none());
    let mut files = Vec::new();
    for service in ["probe", "relay", "log", "system"] {
        settings_files(
            &workspace().join("flowd").join(service).join("src"),
            &mut files,
        );
    }
    assert!(files.len() > 8, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(default_in(&text), None, "{}", file.display());
    }
}

//! Tests of the project's lints: code that uses locks or clocks on the packet path must be refused by clippy, and rules for which
//! clippy has no lint are checked in the text of the sources.

use std::path::{Path, PathBuf};
use std::process::Output;

use flow_tests::bins::workspace;
use flow_tests::skip;

/// The crates on the packet path, from the ring to the cache.
const CRATES: [&str; 5] = ["capture", "wire", "fib", "flow", "meter"];
/// Lines that break a rule, each by itself.
const BROKEN: [&str; 5] = [
    "pub static A: std::sync::Mutex<u8> = std::sync::Mutex::new(0);",
    "pub fn b(it: &std::sync::RwLock<u8>) -> u8 { *it.read().unwrap() }",
    "pub fn c() -> std::sync::Condvar { Default::default() }",
    "pub fn d() -> std::time::Instant { std::time::Instant::now() }",
    "pub fn e() -> std::time::SystemTime { std::time::SystemTime::now() }",
];

/// Runs clippy on a file, with the configuration of a crate and the lint levels of the workspace.
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

/// Adds the files of a service that read the configuration: `settings.rs`, and those below `settings`.
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

/// Returns the code of the first place where a literal stands for what is not configured, instead of the schema's default.
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

/// Returns the Rust files at and below a path, with the text of each up to its tests.
fn sources(path: &Path) -> Vec<(PathBuf, String)> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).unwrap();
        return entries
            .flat_map(|entry| sources(&entry.unwrap().path()))
            .collect();
    }
    let is_test = path.to_string_lossy().contains("tests");
    if is_test || path.extension().is_none_or(|ending| ending != "rs") {
        return Vec::new();
    }
    let text = std::fs::read_to_string(path).unwrap();
    let code = text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    vec![(path.to_owned(), code.to_owned())]
}

/// Returns the places of a pattern in the code (not the comments) below some paths.
fn places(pattern: &str, paths: &[&str], but: &[&str]) -> Vec<String> {
    let pattern = regex::Regex::new(pattern).unwrap();
    let mut found = Vec::new();
    for (file, text) in paths
        .iter()
        .flat_map(|path| sources(&workspace().join(path)))
    {
        let name = file
            .strip_prefix(workspace())
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if but.contains(&name.as_str()) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if !line.trim_start().starts_with("//") && pattern.is_match(line) {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

/// The files of the API's handlers and of the shell.
const API: &[&str] = &[
    "flowd/daemon/src",
    "flowd/probe/src",
    "flowd/relay/src",
    "flowsh/src",
];
/// The exceptions: the file that writes the OpenAPI document, and the one that makes answers for the shell's tests.
const BUT: &[&str] = &["flowd/daemon/src/api/openapi.rs", "flowsh/src/filled.rs"];

#[test]
fn answers_are_types() {
    let found = places(r"\bjson!", API, BUT);
    assert_eq!(
        found, [""; 0],
        "answers that are written as JSON, not as types"
    );
    let found = places(r#"\w\["[a-z_]+"\]"#, API, BUT);
    assert_eq!(
        found, [""; 0],
        "answers that are read by the names of members"
    );
}

#[test]
fn nothing_is_decided_by_the_text_of_a_message() {
    let pattern = r"message(\(\))?\.(contains|starts_with|ends_with|find)\(|to_string\(\)\.(contains|starts_with|ends_with)\(";
    // sled reports a database that another process has locked only by the text of its error.
    let but = ["flowd/config/src/revisions/sled_store.rs"];
    let found = places(pattern, &["flowd", "flowsh", "grammar"], &but);
    assert_eq!(found, [""; 0], "decisions on words");
}

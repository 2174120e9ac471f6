//! The crates' dependencies and the modules' imports follow the structure that ARCHITECTURE describes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use flow_tests::bins::workspace;
use regex::Regex;
use serde_json::Value;

/// The crates from the bottom up. A crate depends on crates of earlier lines only. A crate that is not listed counts as a
/// service, as `relay` is one.
const LAYERS: &[&[&str]] = &[
    &[
        "wire",
        "nfdump",
        "fib",
        "udp",
        "transfer",
        "clock",
        "mailbox",
        "loss",
        "api",
        "supervisor",
    ],
    &["registry", "resolve"],
    &["language", "flow"],
    &[
        "commands", "import", "capture", "meter", "service", "export",
    ],
    &["config", "flowd-log", "system"],
    &["probe", "relay"],
    &["daemon", "flowsh"],
    &["manuals", "flow-tests"],
];

/// Files of one crate that import each other although none is the other's child. The list may only become shorter.
const RINGS: &[(&str, &[&str])] = &[];

/// The most lines of a source file, and the files that may be longer: declared tables, and files that are still to be split.
const LONGEST: usize = 600;
const LONGER: &[&str] = &[
    "grammar/commands/src/table.rs",
    "grammar/registry/src/element/table.rs",
];

/// The most lines of the crate `daemon`, without its tests.
const DAEMON: usize = 4000;

#[test]
fn no_crate_depends_on_one_above_it() {
    let metadata = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(workspace())
        .output()
        .expect("cargo tells the workspace's crates");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let layer = |name: &str| {
        let line = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
        line(name).or_else(|| line("relay")).unwrap()
    };
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            let own = dependency["path"].is_string() && dependency["kind"] != "dev";
            if own && layer(other) >= layer(name) {
                wrong.push(format!("{name} -> {other}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "arrows that do not point down");
}

#[test]
fn files_import_each_other_only_within_a_module_and_its_children() {
    let mut found = Vec::new();
    for folder in crates() {
        let files = modules(&workspace().join(&folder).join("src"));
        let imports: BTreeMap<_, _> = files
            .iter()
            .map(|(module, text)| (module.clone(), imports(module, text, &files)))
            .collect();
        for ring in rings(&imports) {
            found.push((folder.clone(), ring));
        }
    }
    let known: Vec<(String, Vec<String>)> = RINGS
        .iter()
        .map(|(folder, ring)| {
            let ring = ring.iter().map(|module| (*module).to_owned());
            ((*folder).to_owned(), ring.collect())
        })
        .collect();
    let new: Vec<_> = found.iter().filter(|ring| !known.contains(ring)).collect();
    let gone: Vec<_> = known.iter().filter(|ring| !found.contains(ring)).collect();
    assert!(new.is_empty(), "files that import each other: {new:?}");
    assert!(
        gone.is_empty(),
        "rings that are no more, to be taken out of the list: {gone:?}"
    );
}

#[test]
fn files_are_short_and_the_daemon_is_small() {
    let mut long = BTreeSet::new();
    let mut daemon = 0;
    for folder in crates() {
        for path in sources(&workspace().join(&folder)) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            let name = path
                .strip_prefix(workspace())
                .unwrap()
                .to_string_lossy()
                .into_owned();
            if lines > LONGEST && !LONGER.contains(&name.as_str()) {
                long.insert((lines, name.clone()));
            }
            if folder == "flowd/daemon" && !name.contains("tests") && !name.contains("fuzz") {
                daemon += lines;
            }
        }
    }
    assert!(
        long.is_empty(),
        "files of more than {LONGEST} lines: {long:?}"
    );
    assert!(
        daemon > 0 && daemon <= DAEMON,
        "the daemon has {daemon} lines"
    );
}

/// Returns the folders of the crates, relative to the workspace.
fn crates() -> Vec<String> {
    let mut folders = vec!["flowsh".to_owned()];
    for group in ["grammar", "flowd"] {
        for entry in fs::read_dir(workspace().join(group)).unwrap() {
            let path = entry.unwrap().path();
            if path.join("src").is_dir() {
                folders.push(format!(
                    "{group}/{}",
                    path.file_name().unwrap().to_string_lossy()
                ));
            }
        }
    }
    folders
}

/// Returns the Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if !path.ends_with("target") => files.extend(sources(&path)),
            _ if path.extension().is_some_and(|ending| ending == "rs") => files.push(path),
            _ => {}
        }
    }
    files
}

/// Returns the modules of a crate by their paths (`schema::value`; the root is empty), with the text of their files up to
/// the tests. Test modules are left out.
fn modules(src: &Path) -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    for path in sources(src) {
        let relative = path.strip_prefix(src).unwrap().with_extension("");
        let words = relative
            .iter()
            .map(|word| word.to_string_lossy().into_owned());
        let mut words: Vec<String> = words.collect();
        if words
            .iter()
            .any(|word| word == "tests" || word == "testing")
        {
            continue;
        }
        if ["mod", "lib", "main"].contains(&words[words.len() - 1].as_str()) {
            words.pop();
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        modules.insert(words.join("::"), text.to_owned());
    }
    modules
}

/// Returns the modules that a module names in paths, except its ancestors and its descendants.
fn imports(module: &str, text: &str, modules: &BTreeMap<String, String>) -> BTreeSet<String> {
    let comments = Regex::new(r"//[^\n]*").unwrap();
    let text = comments.replace_all(text, "");
    let mut paths = Vec::new();
    for found in Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))? )?use\s+([^;]+);")
        .unwrap()
        .captures_iter(&text)
    {
        tree(&found[1], String::new(), &mut paths);
    }
    let inline = Regex::new(r"\b(?:crate|super)(?:::\w+)+").unwrap();
    paths.extend(
        inline
            .find_iter(&text)
            .map(|found| found.as_str().to_owned()),
    );
    let mut named = BTreeSet::new();
    for path in paths {
        let mut words = path.split("::").peekable();
        let mut at: Vec<&str> = module.split("::").filter(|word| !word.is_empty()).collect();
        match words.peek().copied() {
            Some("crate") => {
                at.clear();
                words.next();
            }
            Some("self") => drop(words.next()),
            Some("super") => {
                while words.next_if_eq(&"super").is_some() {
                    at.pop();
                }
            }
            _ => {}
        }
        for word in words {
            at.push(word);
            if !modules.contains_key(&at.join("::")) {
                at.pop();
                break;
            }
        }
        let target = at.join("::");
        let above = |one: &str, other: &str| {
            one.is_empty() || one == other || other.starts_with(&format!("{one}::"))
        };
        if modules.contains_key(&target) && !above(&target, module) && !above(module, &target) {
            named.insert(target);
        }
    }
    named
}

/// Expands the tree of a `use` declaration into `paths`.
fn tree(text: &str, before: String, paths: &mut Vec<String>) {
    let text = text.trim();
    let Some(open) = text.find('{') else {
        paths.push(format!("{before}{text}"));
        return;
    };
    let before = format!("{before}{}", &text[..open]);
    let inner = &text[open + 1..text.rfind('}').unwrap_or(text.len())];
    let (mut depth, mut start) = (0usize, 0);
    for (at, character) in inner.char_indices().chain([(inner.len(), ',')]) {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 || at == inner.len() => {
                let part = inner[start..at].trim();
                if !part.is_empty() {
                    tree(part, before.clone(), paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// Returns the import cycles: groups of modules each of which imports all others of its group, directly or not.
fn rings(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reached = |from: &String| {
        let mut reached = BTreeSet::new();
        let mut next = vec![from];
        while let Some(module) = next.pop() {
            for other in &imports[module] {
                if reached.insert(other.clone()) {
                    next.push(other);
                }
            }
        }
        reached
    };
    let reached: BTreeMap<_, _> = imports
        .keys()
        .map(|module| (module, reached(module)))
        .collect();
    let mut rings = BTreeSet::new();
    for (module, others) in &reached {
        if others.contains(*module) {
            let both = others
                .iter()
                .filter(|other| reached[other].contains(*module));
            rings.insert(both.cloned().collect::<Vec<_>>());
        }
    }
    rings.into_iter().collect()
}

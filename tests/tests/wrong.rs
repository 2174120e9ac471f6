//! Wrong lines: each error points at the wrong word and says what would have been right. `tests/wrong/lines.txt` begins
//! with how it is written.

use std::path::Path;

use flow_tests::bins::workspace;
use flow_tests::flowd::Said;
use flow_tests::{Flowd, Lab, skip};

const TOOLS: &[&str] = &["ip", "ethtool"];
const FILE: &str = "tests/wrong/lines.txt";

/// What runs while they are typed.
const BASE: &str = "\
set system flow-accounting interface eth1
set interfaces ethernet eth0 flow monitor EDGE direction input
set flow record BASIC match ipv4 source address
set flow record BASIC match ipv4 destination address
set flow record BASIC match ipv4 protocol
set flow record BASIC match interface input
set flow record BASIC match flow direction
set flow record BASIC match transport destination-port
set flow record BASIC match ipv4 dscp
set flow record BASIC collect counter bytes
set flow exporter COLLECTOR destination 192.168.3.1
set flow monitor EDGE record BASIC
set flow monitor EDGE exporter COLLECTOR
set flow sampler ONE-IN-TEN rate 10
set flow samplicator FANOUT receiver ONE address 192.168.3.1
set flow samplicator FANOUT source 10.0.0.0/8 receiver ONE
";

/// A line and what it is told.
struct Case<'a> {
    number: usize,
    group: &'a str,
    line: &'a str,
    /// The word that is pointed at, or `+`.
    word: &'a str,
    says: &'a str,
}

fn read(text: &str) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    let mut group = "";
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(title) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            group = title;
            continue;
        }
        let told = lines
            .next()
            .and_then(|(told, _)| told.trim().split_once(" | "));
        let (word, says) = told.unwrap_or_else(|| panic!("{FILE}:{number}: what is said of it?"));
        cases.push(Case {
            number,
            group,
            line,
            word,
            says,
        });
    }
    cases
}

/// Types a case.
fn typed(flowd: &Flowd, case: &Case, folder: &Path) -> Said {
    let mut lines: Vec<String> = match case.group {
        "operational" => Vec::new(),
        "terminal" => vec!["configure terminal".into()],
        _ => vec!["configure".into()],
    };
    if let Some(dialect) = case.group.strip_prefix("load ") {
        let folder = folder.join(case.number.to_string());
        std::fs::create_dir(&folder).expect("the temporary folder");
        let file = folder.join(dialect);
        std::fs::write(&file, case.line.replace("\\n", "\n")).expect("the temporary folder");
        lines.push(format!("load merge {}", file.display()));
    } else {
        lines.extend(case.line.split("; ").map(str::to_owned));
    }
    if case.group == "commit" {
        lines.push("commit".into());
    }
    flowd.sh(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The word that an error points at, and what it says: of `  line`, `  ^^^^` and the message.
fn pointed(err: &str, folder: &Path) -> Option<(String, String)> {
    let lines: Vec<&str> = err.lines().collect();
    let at = lines.iter().position(|line| {
        let carets = line.trim();
        !carets.is_empty() && carets.chars().all(|letter| letter == '^')
    });
    let Some(at) = at else {
        // A commit's refusal has its path in front.
        let said = lines.first()?.trim().to_owned();
        return Some(("-".into(), said));
    };
    let from = lines[at].find('^')?;
    let length = lines[at].trim().chars().count();
    let line: Vec<char> = lines.get(at.checked_sub(1)?)?.chars().collect();
    let word: String = line.iter().skip(from).take(length).collect();
    let word = match word.trim() {
        "" => "+".to_owned(),
        word => word.to_owned(),
    };
    let said = lines
        .get(at + 1)?
        .replace(&format!("{}/", folder.display()), "");
    Some((word, said))
}

/// What is wrong with an error, whatever the table says of it.
fn faults(case: &Case, said: &Said, word: &str, says: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if said.code != 1 {
        faults.push(format!("exit {}", said.code));
    }
    let right = ["; ", "did you mean", " is missing", "too: match ", "? "];
    if !right.iter().any(|right| says.contains(right)) {
        faults.push("does not say what would have been right".into());
    }
    if says.contains("os error") {
        faults.push("has a number of an error, which only programmers look up".into());
    }
    if word == "-" && case.group != "commit" {
        faults.push("points at nothing".into());
    }
    if word != "-" && word != "+" && !case.line.contains(word) {
        faults.push("points at what is not in the line".into());
    }
    faults
}

#[test]
fn every_wrong_line_is_told_where_and_what_would_be_right() {
    let path = workspace().join(FILE);
    let text = std::fs::read_to_string(&path).expect("the table");
    let cases = read(&text);
    assert!(cases.len() >= 150, "{} lines", cases.len());
    if !skip::able("wrong lines", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let mut flowd = Flowd::start(&lab.router);
    flowd.configure(BASE);
    let before = flowd.shown("commands");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let size = cases.len().div_ceil(workers);
    // Shells are many and short: each core has its own.
    let told: Vec<Said> = std::thread::scope(|scope| {
        let chunk = |chunk| {
            let (flowd, folder) = (&flowd, folder.path());
            scope.spawn(move || {
                let cases: &[Case] = chunk;
                cases
                    .iter()
                    .map(|case| typed(flowd, case, folder))
                    .collect::<Vec<_>>()
            })
        };
        let workers: Vec<_> = cases.chunks(size).map(chunk).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("it ran"))
            .collect()
    });
    assert!(flowd.running(), "{}", flowd.process().output());
    assert_eq!(flowd.shown("commands"), before, "nothing of it was applied");
    let mut wrong = String::new();
    let mut rewritten: Vec<String> = text.lines().map(str::to_owned).collect();
    for (case, said) in cases.iter().zip(&told) {
        let (word, says) =
            pointed(&said.err, &folder.path().join(case.number.to_string())).unwrap_or_default();
        rewritten[case.number] = format!("    {word} | {says}");
        let mut faults = faults(case, said, &word, &says);
        if (word.as_str(), says.as_str()) != (case.word, case.says) {
            faults.push(format!("in the table: {} | {}", case.word, case.says));
        }
        if !faults.is_empty() {
            let faults = faults.join("\n  ");
            wrong += &format!(
                "{FILE}:{}: {}\n  {faults}\n{}\n",
                case.number, case.line, said.err
            );
        }
    }
    if std::env::var_os("FLOW_TESTS_REWRITE").is_some() {
        std::fs::write(&path, rewritten.join("\n") + "\n").expect("the table");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

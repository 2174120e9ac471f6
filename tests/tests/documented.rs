//! Lines of VyOS's and Cisco's own documentation, typed as they stand there: each does what it says, or is refused with the
//! reason. They are in `tests/documented`, whose files begin with how they are written.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use flow_tests::flowd::Said;
use flow_tests::{Flowd, Lab, bins, skip};

const TOOLS: &[&str] = &["ip", "ethtool"];
const FILES: &[(&str, &str)] = &[
    ("vyos.txt", include_str!("../documented/vyos.txt")),
    ("cisco.txt", include_str!("../documented/cisco.txt")),
];

/// Where a group's lines are typed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Operational,
    Configure,
    Terminal,
}

/// What a line does.
#[derive(Debug)]
enum Does {
    /// The candidate holds these `set` lines afterwards, and not those after `delete `.
    Holds(Vec<String>),
    /// A line of what it prints begins so.
    Prints(String),
    Nothing,
    /// It is refused, with this in the reason.
    Refused(String),
}

#[derive(Debug)]
struct Line {
    /// `file:number`.
    place: String,
    text: String,
    does: Does,
    /// The line that opens the submode it stands in.
    opener: Option<String>,
}

#[derive(Debug)]
struct Group {
    mode: Mode,
    commit: bool,
    lines: Vec<Line>,
}

/// `flow record R` and `sampler S` are `flow record R` and `flow sampler S` in the tree.
fn below(opener: &str) -> Option<String> {
    match opener.split_whitespace().collect::<Vec<_>>()[..] {
        ["flow", kind, name] => Some(format!("set flow {kind} {name}")),
        ["sampler", name] => Some(format!("set flow sampler {name}")),
        _ => None,
    }
}

/// The words of a `set` line, without the quotes VyOS puts around values.
fn plain(line: &str) -> String {
    let words = line.split_whitespace().map(|word| word.trim_matches('\''));
    words.collect::<Vec<_>>().join(" ")
}

fn read(name: &str, text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut opener: Option<String> = None;
    for (line, number) in text.lines().zip(1..) {
        let place = format!("{name}:{number}");
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(title) = line.strip_prefix("= ") {
            let mode = match title {
                _ if title.contains("[configure]") => Mode::Configure,
                _ if title.contains("[terminal]") => Mode::Terminal,
                _ if title.contains("[operational]") => Mode::Operational,
                _ => panic!("{place}: no mode"),
            };
            groups.push(Group {
                mode,
                commit: title.contains("[commit]"),
                lines: Vec::new(),
            });
            opener = None;
            continue;
        }
        let group = groups
            .last_mut()
            .unwrap_or_else(|| panic!("{place}: no group"));
        let split = ["->", "=>", "==", "!!"]
            .into_iter()
            .find_map(|sign| Some((line.split_once(&format!(" {sign} "))?, sign)));
        let ((typed, rest), sign) = split.unwrap_or(((line, ""), ""));
        let indented = typed.starts_with(' ');
        let words = typed.trim();
        let opens = ["flow ", "sampler ", "interface "];
        let opens =
            group.mode == Mode::Terminal && opens.iter().any(|open| words.starts_with(open));
        let leaves = matches!(words, "exit" | "end");
        let does = match sign {
            "->" => Does::Holds(rest.split(" ; ").map(str::to_owned).collect()),
            "=>" => Does::Prints(rest.to_owned()),
            "!!" => Does::Refused(rest.to_owned()),
            "==" => Does::Nothing,
            _ if leaves => Does::Nothing,
            _ if indented => {
                let below = opener.as_deref().and_then(below);
                let below = below.unwrap_or_else(|| panic!("{place}: say what it does"));
                Does::Holds(vec![format!("{below} {words}")])
            }
            _ if opens => {
                let opened = below(words);
                Does::Holds(vec![
                    opened.unwrap_or_else(|| panic!("{place}: say what it does")),
                ])
            }
            _ if words.starts_with("set ") => Does::Holds(vec![plain(words)]),
            _ => panic!("{place}: say what it does"),
        };
        group.lines.push(Line {
            place,
            text: typed.to_owned(),
            does,
            opener: opener.clone().filter(|_| indented),
        });
        if opens {
            opener = Some(words.to_owned());
        } else if leaves || !indented {
            opener = None;
        }
    }
    groups
}

/// Types lines in one shell. What it printed, and the candidate as `set` lines when it was still there at the end.
fn typed(flowd: &Flowd, lines: &[&str]) -> (Said, String) {
    // A last command whose answer cannot be another's.
    const LAST: &str = "run show version | match ^Nothing$ | count";
    let mut shell = skip::command(&bins::program("flowsh"));
    shell.arg("--socket").arg(flowd.socket());
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut shell = shell.spawn().expect("flowsh runs");
    let mut keys = shell.stdin.take().expect("piped");
    // A shell that ended early is told by what it says.
    let _ = keys.write_all(format!("{}\n{LAST}\n", lines.join("\n")).as_bytes());
    let mut out = String::new();
    let mut candidate = String::new();
    let mut printed = BufReader::new(shell.stdout.take().expect("piped"));
    let mut line = String::new();
    while printed.read_line(&mut line).is_ok_and(|read| read > 0) {
        if line.starts_with("Count: 0") {
            let sessions = flowd.get("/v1/sessions");
            if let Some(id) = sessions["sessions"][0]["session"].as_str() {
                let shown = format!("/v1/configuration?source=candidate&session={id}&format=set");
                candidate = flowd.get(&shown)["text"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                // What was not committed is given up on purpose.
                let _ = keys.write_all(b"exit discard\n");
            }
            break;
        }
        out += &line;
        line.clear();
    }
    drop(keys);
    let ended = shell.wait_with_output().expect("flowsh ends");
    let said = Said {
        out: out + &String::from_utf8_lossy(&ended.stdout),
        ..Said::from(ended)
    };
    (said, candidate)
}

/// Whether the set lines hold one, or one that begins with it.
fn holds(set: &str, wanted: &str) -> bool {
    set.lines().any(|line| {
        line.strip_prefix(wanted)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}

fn prints(out: &str, wanted: &str) -> bool {
    out.lines()
        .any(|line| line.trim_start().starts_with(wanted.trim()))
}

/// What is wrong with a group, a line each.
fn faults(flowd: &Flowd, group: &Group) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |line: &Line, what: &str, said: &str| {
        faults.push(format!("{}: {}: {what}:\n{said}", line.place, line.text));
    };
    let refused = |line: &&Line| matches!(line.does, Does::Refused(_));
    let enter = match group.mode {
        Mode::Operational => None,
        Mode::Configure => Some("configure"),
        Mode::Terminal => Some("configure terminal"),
    };
    for line in group.lines.iter().filter(refused) {
        let opener = line.opener.as_deref();
        let lines: Vec<&str> = enter
            .into_iter()
            .chain(opener)
            .chain([&*line.text])
            .collect();
        let said = flowd.sh(&lines);
        let Does::Refused(why) = &line.does else {
            continue;
        };
        if said.code != 1 || !said.err.contains(why) || !said.err.contains('^') {
            fault(
                line,
                &format!("is to be refused, {why:?}"),
                &format!("{}{}", said.out, said.err),
            );
        }
    }
    let accepted: Vec<&Line> = group.lines.iter().filter(|line| !refused(line)).collect();
    let Some(enter) = enter else {
        for line in accepted {
            let said = flowd.sh(&[&line.text]);
            let right = match &line.does {
                Does::Prints(wanted) => prints(&said.out, wanted),
                _ => true,
            };
            if said.code != 0 || !right {
                fault(
                    line,
                    &format!("{:?}", line.does),
                    &format!("{}{}", said.out, said.err),
                );
            }
        }
        return faults;
    };
    let mut lines = vec![enter];
    lines.extend(accepted.iter().map(|line| line.text.as_str()));
    let (said, candidate) = typed(flowd, &lines);
    if said.code != 0 {
        let place = &accepted.first().expect("a line").place;
        faults.push(format!("{place}: the group is refused:\n{}", said.err));
        return faults;
    }
    for line in &accepted {
        match &line.does {
            Does::Holds(wanted) => {
                for wanted in wanted {
                    let (wanted, there) = match wanted.strip_prefix("delete ") {
                        Some(gone) => (gone, false),
                        None => (wanted.as_str(), true),
                    };
                    if holds(&candidate, wanted) != there {
                        fault(line, &format!("{wanted}: {}", !there), &candidate);
                    }
                }
            }
            Does::Prints(wanted) if !prints(&said.out, wanted) => fault(line, wanted, &said.out),
            _ => {}
        }
    }
    if group.commit {
        lines.push("commit");
        let said = flowd.sh(&lines);
        if said.code != 0 {
            faults.push(format!(
                "{}: the commit is refused:\n{}",
                accepted[0].place, said.err
            ));
        }
    }
    faults
}

#[test]
fn lines_of_the_documentation_do_what_they_say() {
    let files: Vec<Vec<Group>> = FILES.iter().map(|(name, text)| read(name, text)).collect();
    let lines: Vec<&Line> = files
        .iter()
        .flatten()
        .flat_map(|group| &group.lines)
        .collect();
    let mut distinct: Vec<String> = lines.iter().map(|line| plain(&line.text)).collect();
    distinct.sort();
    distinct.dedup();
    assert!(distinct.len() >= 150, "{} lines", distinct.len());
    if !skip::able("documented lines", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let mut flowd = Flowd::start(&lab.router);
    let faults: Vec<String> = files
        .iter()
        .flatten()
        .flat_map(|group| faults(&flowd, group))
        .collect();
    assert!(flowd.running(), "{}", flowd.process().output());
    assert!(
        faults.is_empty(),
        "{} of {} lines:\n{}",
        faults.len(),
        lines.len(),
        faults.join("\n")
    );
    println!(
        "{} lines, {} of them different",
        lines.len(),
        distinct.len()
    );
}

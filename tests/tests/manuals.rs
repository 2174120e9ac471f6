//! The manual pages in `packaging/man` say what the programs' own help says: every option is in both. What bash completes
//! is what flowsh knows.

use std::collections::BTreeSet;

use flow_tests::pty::Pty;
use flow_tests::{Flowd, Namespace, bins, flowd::Said, skip};
use regex::Regex;

/// The page's source.
fn page(name: &str) -> String {
    let path = bins::workspace().join("packaging/man").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Long options that the page explains, behind `.Fl` and `.It Fl`; a place in the synopsis is not enough.
fn explained(page: &str) -> BTreeSet<String> {
    let request = Regex::new(r"^\.(?:It |Op |Pq )*Fl (.*)$").unwrap();
    let explanation = page.lines().skip_while(|line| *line != ".Sh DESCRIPTION");
    let requests = explanation.filter_map(|line| request.captures(line));
    requests
        .flat_map(|found| {
            found[1]
                .split_whitespace()
                .filter_map(|word| word.strip_prefix('-').filter(|name| name.len() > 1))
                .map(|name| format!("--{name}"))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// What `PROGRAM [SUBCOMMAND] --help` prints.
fn help(program: &str, subcommand: Option<&str>) -> String {
    let mut command = skip::command(&bins::program(program));
    let said: Said = command
        .args(subcommand)
        .arg("--help")
        .output()
        .unwrap()
        .into();
    assert_eq!(said.code, 0, "{program} {subcommand:?}: {}", said.err);
    said.out
}

/// The long options that stand first on a line of the help, where clap declares them.
fn declared(help: &str) -> BTreeSet<String> {
    let option = Regex::new(r"(?m)^ +(?:-\w, )?(--[a-z][a-z-]*)").unwrap();
    option
        .captures_iter(help)
        .map(|found| found[1].to_owned())
        .collect()
}

/// The subcommands that the help lists, but `help` itself.
fn subcommands(help: &str) -> Vec<&str> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .collect()
}

#[test]
fn every_option_is_in_the_manual_and_every_option_there_exists() {
    for (program, name) in [("flowd", "flowd.8"), ("flowsh", "flowsh.1")] {
        let page = page(name);
        let general = help(program, None);
        let mut options = declared(&general);
        for subcommand in subcommands(&general) {
            assert!(
                page.contains(&format!("\n.It Cm {subcommand}\n")),
                "{name} does not explain {program} {subcommand}"
            );
            options.extend(declared(&help(program, Some(subcommand))));
        }
        assert!(options.len() >= 3, "{program}: {options:?}");
        assert_eq!(explained(&page), options, "{name}, and {program} --help");
    }
    assert_eq!(
        subcommands(&help("flowd", None)),
        ["run", "meter", "check"],
        "help is read right"
    );
}

#[test]
fn the_manuals_are_well_formed() {
    if !skip::able("manuals: form", &["mandoc"]) {
        return;
    }
    for name in ["flowd.8", "flowd.conf.5", "flowsh.1"] {
        let path = bins::workspace().join("packaging/man").join(name);
        let said: Said = skip::command("mandoc")
            .args(["-T", "lint", "-W", "warning"])
            .arg(&path)
            .output()
            .unwrap()
            .into();
        assert_eq!((said.code, said.out + &said.err), (0, String::new()));
    }
}

#[test]
fn bash_completes_options_and_the_shells_own_lines() {
    if !skip::able("completion", &["bash", "ip"]) {
        return;
    }
    let namespace = Namespace::new("completion");
    let flowd = Flowd::start(&namespace);
    flowd.configure("set flow sampler GOLD rate 10");
    let folder = bins::path("flowsh");
    let folder = folder.parent().unwrap().display();
    let scripts = bins::workspace().join("packaging/completions/bash-completion/completions");
    let mut bash = Pty::spawn(&["bash", "--norc", "--noprofile", "-i"]);
    bash.line(&format!("PATH={folder}:$PATH PS1='ready> '"));
    for program in ["flowd", "flowsh"] {
        bash.line(&format!("source {}", scripts.join(program).display()));
    }
    bash.expect("ready> $");
    for (typed, completed) in [
        ("flowd met", "flowd meter "),
        ("flowd meter --decap", "flowd meter --decapsulate "),
        ("flowsh --sock", "flowsh --socket "),
    ] {
        bash.keys(&format!("{typed}\t"));
        bash.expect(&format!("{completed}$"));
        bash.keys("\x15");
    }
    let socket = flowd.socket();
    let socket = socket.display();
    bash.keys(&format!("flowsh --socket {socket} -c 'show flow sampl\t"));
    bash.expect("'show flow sampler");
    bash.keys("\x15");
    bash.keys(&format!(
        "flowsh --socket {socket} -c 'show flow sampler G\t"
    ));
    bash.expect("'show flow sampler GOLD'");
    bash.keys("\x15");
    bash.keys(&format!("flowsh --socket {socket} -c conf\t"));
    bash.expect("-c configure");
    bash.keys("\x15");
    bash.line("exit");
    assert_eq!(bash.wait(), 0);
}

//! The manual pages in `packaging/man` say what the programs' own help says: every option is in both.

use std::collections::BTreeSet;

use flow_tests::{bins, flowd::Said, skip};
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
    for name in ["flowd.8", "flowsh.1"] {
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

//! `traceroute`: the system's own program, with this user's rights.

use commands::{Pipe, Trace};

use super::{Done, Outcome};
use crate::trouble::Failure;

pub(super) fn traceroute(trace: &Trace, pipes: &[Pipe]) -> Done {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let is_there = |name: &str| folders.iter().any(|folder| folder.join(name).is_file());
    argv(trace, pipes, is_there)
}

/// Returns the program to run: traceroute, or else tracepath, which can do less.
fn argv(trace: &Trace, pipes: &[Pipe], is_there: impl Fn(&str) -> bool) -> Done {
    if !pipes.is_empty() {
        return Err(Failure::plain("what is shown live goes through no pipe"));
    }
    let plain = trace.interface.is_none() && trace.source.is_none();
    let mut argv = match (is_there("traceroute"), is_there("tracepath")) {
        (true, _) => vec!["traceroute".to_owned()],
        (false, true) if plain => vec!["tracepath".to_owned()],
        (false, true) => {
            return Err(Failure::plain(
                "traceroute is not installed, and tracepath takes neither interface nor source; apt install traceroute",
            ));
        }
        (false, false) => {
            return Err(Failure::plain(
                "neither traceroute nor tracepath is installed; apt install traceroute",
            ));
        }
    };
    for (flag, value) in [
        ("-i", trace.interface.clone()),
        ("-s", trace.source.map(|source| source.to_string())),
    ] {
        argv.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    argv.push(trace.host.text.clone());
    Ok(Outcome {
        program: Some(argv),
        ..Outcome::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_one_that_is_installed() {
        let trace = |source: Option<&str>| Trace {
            host: commands::Tail {
                text: "r1".into(),
                start: 0,
            },
            interface: None,
            source: source.map(|source| source.parse().unwrap()),
        };
        let run = |trace: &Trace, installed: &[&str]| {
            argv(trace, &[], |name| installed.contains(&name)).map(|outcome| outcome.program)
        };
        let words = |text: &str| Some(text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let (plain, from) = (trace(None), trace(Some("192.0.2.1")));
        assert_eq!(run(&plain, &["tracepath"]).unwrap(), words("tracepath r1"));
        let both = ["tracepath", "traceroute"];
        assert_eq!(
            run(&from, &both).unwrap(),
            words("traceroute -s 192.0.2.1 r1")
        );
        let failed = |trace, installed| run(trace, installed).unwrap_err().shown();
        assert!(failed(&from, &["tracepath"]).contains("takes neither"));
        assert!(failed(&plain, &[]).contains("apt install traceroute"));
    }
}

//! Lines and what they parse to.

mod cache;
mod configuration;
mod operational;
mod problems;

use super::*;

const CONFIGURATION: Mode = Mode::Configuration(Submode::Global);

fn operational(line: &str) -> Line {
    match parse(line, Mode::Operational) {
        Ok(Some(parsed)) => parsed,
        other => panic!("{line}: {other:?}"),
    }
}

fn configuration(line: &str) -> Command {
    match parse(line, CONFIGURATION) {
        Ok(Some(parsed)) => parsed.command,
        other => panic!("{line}: {other:?}"),
    }
}

fn tail(text: &str, start: usize) -> Tail {
    Tail {
        text: text.into(),
        start,
    }
}

#[test]
fn every_row_has_help_and_is_reached() {
    use super::table::{CONFIGURATION, OPERATIONAL};
    let ios = Submode::ALL.map(crate::ios::rows);
    let ios = ios.iter().map(Vec::as_slice);
    for rows in [OPERATIONAL, CONFIGURATION].into_iter().chain(ios) {
        for row in rows {
            assert!(!row.help.is_empty(), "{}", row.pattern);
            if let Some((parent, _)) = row.pattern.rsplit_once(' ') {
                assert!(
                    rows.iter().any(|row| row.pattern == parent),
                    "{} has no row for {parent}",
                    row.pattern
                );
            }
        }
    }
}

//! `flowd check FILE...`.

use std::process::ExitCode;

use config::Source;

use crate::arguments::Check;
use crate::services::SERVICES;

/// Checks every file and writes what is wrong to standard error.
pub(crate) fn run(args: &Check) -> ExitCode {
    let mut wrong = false;
    for path in &args.files {
        if let Err(lines) = Source::read(path).and_then(|source| source.check(SERVICES)) {
            wrong = true;
            lines.iter().for_each(|line| eprintln!("{line}"));
        }
    }
    ExitCode::from(u8::from(wrong))
}

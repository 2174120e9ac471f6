//! `flowd check FILE...`.

use std::process::ExitCode;

use crate::arguments::Check;
use crate::source::Source;

/// Checks every file and says what is wrong.
pub fn run(args: &Check) -> ExitCode {
    let mut wrong = false;
    for path in &args.files {
        if let Err(lines) = Source::read(path).and_then(|source| source.check()) {
            wrong = true;
            lines.iter().for_each(|line| eprintln!("{line}"));
        }
    }
    ExitCode::from(u8::from(wrong))
}

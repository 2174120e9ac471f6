//! `flowd check FILE...`.

use std::process::ExitCode;

use config::Source;

use crate::arguments::Check;
use crate::services::SERVICES;

/// Checks every file and writes what is wrong to standard error.
pub(crate) fn run(args: &Check) -> ExitCode {
    let mut wrong = false;
    for path in &args.files {
        let select = match args.flow {
            true => language::Select::Flow,
            false => language::Select::All,
        };
        let checked = Source::read_parts(path, select).and_then(|source| {
            if !source.left_out.is_empty() {
                let left_out = language::left_out(&source.left_out);
                println!("{}: {left_out}", path.display());
            }
            source.check(SERVICES)
        });
        if let Err(lines) = checked {
            wrong = true;
            lines.iter().for_each(|line| eprintln!("{line}"));
        }
    }
    ExitCode::from(u8::from(wrong))
}

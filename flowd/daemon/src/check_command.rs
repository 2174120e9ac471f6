//! `flowd check FILE...`.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::source::Source;

/// Validates configuration files in any dialect, without looking at this host
///
/// Each thing that is wrong is a line `file:line:column: message` on standard error. The exit status is 1 if any
/// file is wrong.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Configuration files: curly, set lines, IOS lines or JSON
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Checks every file and says what is wrong.
pub fn run(args: &Args) -> ExitCode {
    let mut wrong = false;
    for path in &args.files {
        if let Err(lines) = Source::read(path).and_then(|source| source.check()) {
            wrong = true;
            lines.iter().for_each(|line| eprintln!("{line}"));
        }
    }
    ExitCode::from(u8::from(wrong))
}

//! The manual pages flowsh(1) and flowd(8): texts into which options and commands are inserted.

use anyhow::Context as _;
use clap::CommandFactory as _;
use commands::{Declared, Role};

use crate::mdoc;

const FLOWSH: &str = include_str!("flowsh.1.in");
const FLOWD: &str = include_str!("flowd.8.in");

pub(crate) fn flowsh() -> anyhow::Result<String> {
    let options = mdoc::options(&crate::flowsh::Args::command());
    let put = |text: String, name: &str, with: &str| replaced(&text, name, with);
    let text = put(FLOWSH.to_owned(), "options", &options)?;
    let operational = commands(commands::operational(), Role::Operator);
    let configuration = commands(commands::configuration(), Role::Admin);
    let text = put(text, "operational", &operational)?;
    put(text, "configuration", &configuration)
}

pub(crate) fn flowd() -> anyhow::Result<String> {
    let program = crate::flowd::Arguments::command();
    let mut text = FLOWD.to_owned();
    for name in ["run", "meter", "check"] {
        let command = program.find_subcommand(name).context("a subcommand")?;
        text = replaced(&text, &format!("options {name}"), &mdoc::options(command))?;
    }
    Ok(text)
}

/// Returns the text with the line `@NAME@` replaced.
fn replaced(text: &str, name: &str, with: &str) -> anyhow::Result<String> {
    let line = format!("@{name}@\n");
    let (before, after) = text
        .split_once(&line)
        .with_context(|| format!("no line {line}"))?;
    Ok(format!("{before}{with}{after}"))
}

/// Writes the commands of a mode as items of a list, with keywords and arguments told apart. `may` is who may enter the
/// mode; a command for which that is not enough says so.
fn commands(rows: Vec<Declared>, may: Role) -> String {
    let mut out = String::new();
    for Declared {
        pattern,
        help,
        role,
    } in rows
    {
        let mut item = String::from(".It");
        let mut kind = "";
        for token in pattern.split(' ') {
            let argument = token
                .strip_prefix('<')
                .and_then(|rest| rest.strip_suffix('>'));
            let (now, shown) = match argument {
                Some(name) => ("Ar", name),
                None => ("Ic", token),
            };
            if now != kind {
                item.push_str(&format!(" {now}"));
                kind = now;
            }
            item.push_str(&format!(" {}", mdoc::word(shown)));
        }
        let who = match role {
            Some(Role::Admin) if may != Role::Admin => "\nAdministrators only.",
            _ => "",
        };
        out.push_str(&format!("{item}\n{}.{who}\n", mdoc::text(help)));
    }
    out
}

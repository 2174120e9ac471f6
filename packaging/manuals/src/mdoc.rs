//! Writing of mdoc(7).

use clap::{Arg, ArgAction};

/// Escapes a line of text, so that nothing in it is a request or an escape sequence.
pub(crate) fn text(text: &str) -> String {
    let text = text.replace('\\', "\\e");
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}

/// Escapes an argument of a request, so that it is not the name of a macro.
pub(crate) fn word(word: &str) -> String {
    const DELIMITERS: &str = ".,:;()[]?!|";
    let escaped = word.replace('\\', "\\e").replace('"', "\\(dq");
    let macro_like = (2..=3).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(char::is_alphabetic);
    match macro_like || word.chars().all(|c| DELIMITERS.contains(c)) {
        true => format!("\\&{escaped}"),
        false => escaped,
    }
}

/// Returns the options of a program as items of a list.
pub(crate) fn options(command: &clap::Command) -> String {
    let mut out = String::new();
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        if matches!(arg.get_action(), ArgAction::Help | ArgAction::Version) {
            continue;
        }
        item(arg, &mut out);
    }
    out
}

fn item(arg: &Arg, out: &mut String) {
    let flag = match (arg.get_short(), arg.get_long()) {
        (_, Some(long)) => format!("Fl -{long}"),
        (Some(short), None) => format!("Fl {short}"),
        // An argument without a flag is explained by the text.
        (None, None) => return,
    };
    let takes = arg.get_action().takes_values();
    let value = arg.get_value_names().and_then(|names| names.first());
    let value = value
        .filter(|_| takes)
        .map(|name| format!(" Ar {}", word(name)));
    out.push_str(&format!(".It {flag}{}\n", value.unwrap_or_default()));
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    out.push_str(&format!("{}.\n", text(&help)));
    let default = arg.get_default_values().first().filter(|_| takes);
    if let Some(default) = default.and_then(|default| default.to_str()) {
        let kind = if default.starts_with('/') { "Pa" } else { "Cm" };
        out.push_str(&format!("The default is\n.{kind} {} .\n", word(default)));
    }
    let possible = arg.get_possible_values();
    if takes && possible.len() > 1 {
        let names: Vec<String> = possible.iter().map(|one| word(one.get_name())).collect();
        out.push_str(&format!("Possible:\n.Cm {} .\n", names.join(" , ")));
    }
}

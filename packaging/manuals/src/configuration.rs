//! The manual page flowd.conf(5), generated from the schema.

use language::schema::{Kind, OLD, Row, TABLE, Type, UNAPPLIED};

use crate::mdoc::{text, word};

const HEAD: &str = include_str!("flowd.conf.5.in");

/// Returns the page.
pub(crate) fn page() -> String {
    let mut out = String::new();
    let mut top = "";
    for row in TABLE {
        let first = row.path.split(' ').next().unwrap_or_default();
        if row.path == first {
            if !top.is_empty() {
                out.push_str(".El\n");
            }
            top = first;
            out.push_str(&format!(
                ".Ss {}\n{}.\n.Bl -tag -width Ds\n",
                word(first),
                text(row.help)
            ));
        } else if row.kind != Kind::Container {
            item(row, &mut out);
        }
    }
    out.push_str(".El\n");
    let mut old = String::new();
    for (before, now) in OLD {
        let before: Vec<String> = before.split(' ').map(word).collect();
        let now: Vec<String> = now.split(' ').map(word).collect();
        old.push_str(&format!(
            ".It Ic {}\n.Ic {}\n",
            before.join(" "),
            now.join(" ")
        ));
    }
    let text = HEAD.replace("@statements@\n", &out);
    text.replace("@old@\n", &old)
}

fn item(row: &Row, out: &mut String) {
    let mut line = String::from(".It");
    let mut kind = "";
    let mut push = |now: &'static str, shown: &str| {
        if now != kind {
            line.push_str(&format!(" {now}"));
            kind = now;
        }
        line.push_str(&format!(" {}", word(shown)));
    };
    for token in row.path.split(' ') {
        match token {
            "*" => push("Ar", "NAME"),
            token => push("Ic", token),
        }
    }
    match row.kind {
        Kind::Tag => push("Ar", "NAME"),
        Kind::Leaf => push("Ar", "VALUE"),
        Kind::Multi => push("Ar", "VALUE ..."),
        Kind::Flag | Kind::Container => {}
    }
    out.push_str(&format!("{line}\n{}.\n", text(row.help)));
    if let Some(what) = value(row) {
        out.push_str(&format!("{}\n", text(&what)));
    }
    if !row.required.is_empty() {
        out.push_str("It is required.\n");
    }
    if !row.default.is_empty() {
        out.push_str(&format!("The default is\n.Cm {} .\n", word(row.default)));
    }
    for (refused, why) in row.refused {
        out.push_str(&format!("{refused} is refused: {}.\n", text(why)));
    }
    for (path, value, why) in UNAPPLIED {
        let about = *path == row.path || row.path.starts_with(&format!("{path} "));
        if about {
            let value = if value.is_empty() { "This" } else { value };
            out.push_str(&format!(
                "{value} is kept, but not applied: {}.\n",
                text(why)
            ));
        }
    }
}

/// Returns a sentence about the possible values of a row.
fn value(row: &Row) -> Option<String> {
    let what = match row.kind {
        Kind::Tag => "NAME is",
        _ => "VALUE is",
    };
    let unit = match row.unit {
        "" => String::new(),
        unit => format!(" {unit}"),
    };
    Some(match row.value {
        Type::None => return None,
        Type::Number { min, max } => format!("{what} a number from {min} to {max}{unit}."),
        Type::Text { max } => format!("{what} a text of at most {max} characters."),
        Type::Match | Type::Collect => {
            format!("{what} a field; flowsh(1) lists them after a question mark.")
        }
        kind => {
            let hints: Vec<String> = kind
                .hints()
                .into_iter()
                .map(|(shown, help, _)| match help {
                    "" => shown,
                    help => format!("{shown} ({help})"),
                })
                .collect();
            format!("{what} {}.", hints.join(", "))
        }
    })
}

//! Places that copies of the configuration are written to.

use crate::schema::refusal::{Refusal, refuse, shown};

/// Accepts a directory, or a URL that can be written to.
pub(super) fn location(value: &str) -> Result<String, Refusal> {
    let wanted = "a directory such as /var/archive, or a URL: http, https or sftp";
    let safe = value.len() <= 1024
        && value
            .chars()
            .all(|c| c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric()));
    let good = match value.split_once("://") {
        None => value.starts_with('/'),
        Some(("http" | "https" | "sftp", rest)) => {
            let authority = rest.split('/').next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default();
            !host.is_empty() && !host.starts_with('-') && !authority.starts_with('-')
        }
        Some(_) => false,
    };
    match good && safe {
        true => Ok(value.to_owned()),
        // A URL may have a password in it.
        false if value.contains("://") => refuse("no such URL can be written to".into(), wanted),
        false => refuse(
            format!("{} is not a place for copies", shown(value)),
            wanted,
        ),
    }
}

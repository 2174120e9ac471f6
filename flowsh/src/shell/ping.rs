//! `ping`: the system's own program, with this user's rights.

use commands::{Ping, Pipe};

use super::{Done, Outcome};
use crate::trouble::Failure;

/// Requests that are sent unless told otherwise.
const COUNT: u32 = 5;

pub(super) fn ping(ping: &Ping, pipes: &[Pipe]) -> Done {
    if !pipes.is_empty() {
        return Err(Failure::plain("live output cannot be piped"));
    }
    let mut argv = vec!["ping".to_owned()];
    let mut option = |flag: &str, value: Option<String>| {
        argv.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    };
    option("-c", Some(ping.count.unwrap_or(COUNT).to_string()));
    option("-s", ping.size.map(|size| size.to_string()));
    // The last one of two counts: an address binds, an interface says where it leaves.
    option("-I", ping.interface.clone());
    option("-I", ping.source.map(|source| source.to_string()));
    argv.push(ping.host.text.clone());
    Ok(Outcome {
        program: Some(argv),
        ..Outcome::default()
    })
}

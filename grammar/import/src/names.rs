//! Names for imported receivers.

use std::collections::{BTreeSet, HashMap};

/// Returns a name for each receiver (host and port): its host, with port and number if several have the same host.
pub(super) fn of(receivers: &[(&str, u16)]) -> Vec<String> {
    let mut hosts: HashMap<&str, usize> = HashMap::new();
    for (host, _) in receivers {
        *hosts.entry(host).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let name = |(host, port): &(&str, u16)| {
        let mut base: String = host.chars().take(48).collect();
        if !base.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            base.insert(0, '_');
        }
        if hosts[host] > 1 {
            base = format!("{base}-{port}");
        }
        let name = free(&base, |name| !taken.contains(name));
        taken.insert(name.clone());
        name
    };
    receivers.iter().map(name).collect()
}

/// Returns the name, with the first number that makes it free if it is not.
pub(super) fn free(base: &str, is_free: impl Fn(&str) -> bool) -> String {
    std::iter::once(base.to_owned())
        .chain((2..).map(|number| format!("{base}-{number}")))
        .find(|name| is_free(name))
        .unwrap_or_default()
}

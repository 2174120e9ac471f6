//! Names of interfaces.

use std::collections::BTreeMap;

/// Names of interfaces by `ifIndex`, looked up once an answer.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<u32, String>);

impl Names {
    /// The interface's name; `Null` for 0, `ifN` when there is none.
    pub(crate) fn get(&mut self, index: u32) -> &str {
        self.0.entry(index).or_insert_with(|| match index {
            0 => "Null".into(),
            _ => nix::net::if_::if_indextoname(index)
                .ok()
                .and_then(|name| name.into_string().ok())
                // What nix says of an index that no interface has.
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| format!("if{index}")),
        })
    }
}

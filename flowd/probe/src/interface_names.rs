//! Names of interfaces by their index.

use std::collections::BTreeMap;

/// A cache of interface names by `ifIndex`, made for one answer.
#[derive(Debug, Default)]
pub(crate) struct InterfaceNames(BTreeMap<u32, String>);

impl InterfaceNames {
    /// Returns the interface's name: `Null` for 0, `ifN` for an index without an interface.
    pub(crate) fn get(&mut self, index: u32) -> &str {
        self.0.entry(index).or_insert_with(|| match index {
            0 => "Null".into(),
            _ => nix::net::if_::if_indextoname(index)
                .ok()
                .and_then(|name| name.into_string().ok())
                // nix returns an empty name for an index without an interface.
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| format!("if{index}")),
        })
    }
}

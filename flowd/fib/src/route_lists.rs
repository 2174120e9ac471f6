//! Numbers each distinct list of routes: a full table has a million prefixes, but only a handful of different
//! lists.

use std::collections::HashMap;
use std::sync::Arc;

use crate::route::Route;
use crate::tree::VALUES;

/// Numbered lists of routes. Number 0 means no list.
#[derive(Debug)]
pub(crate) struct RouteLists {
    numbers: HashMap<Arc<[Route]>, u32>,
    /// Each list with the number of prefixes that use it.
    lists: Vec<(Arc<[Route]>, usize)>,
    free: Vec<u32>,
    /// Changes whenever the lists change.
    version: u64,
}

impl Default for RouteLists {
    fn default() -> Self {
        RouteLists {
            numbers: HashMap::new(),
            lists: vec![(Arc::new([]), 0)],
            free: Vec::new(),
            version: 0,
        }
    }
}

impl RouteLists {
    /// Returns the number of a list for one more prefix to use, or `None` if there are [`VALUES`] lists already.
    pub(crate) fn acquire(&mut self, list: &[Route]) -> Option<u32> {
        if let Some(number) = self.numbers.get(list).copied() {
            self.lists[number as usize].1 += 1;
            return Some(number);
        }
        self.version += 1;
        let list: Arc<[Route]> = list.into();
        let number = match self.free.pop() {
            Some(number) => {
                self.lists[number as usize] = (list.clone(), 1);
                number
            }
            None => {
                let number = u32::try_from(self.lists.len())
                    .ok()
                    .filter(|next| *next < VALUES)?;
                self.lists.push((list.clone(), 1));
                number
            }
        };
        self.numbers.insert(list, number);
        Some(number)
    }

    /// Records that one prefix fewer uses the list.
    pub(crate) fn release(&mut self, number: u32) {
        let (list, users) = &mut self.lists[number as usize];
        *users = users.saturating_sub(1);
        if *users == 0 && number != 0 {
            self.numbers.remove(&*list);
            *list = Arc::new([]);
            self.free.push(number);
            self.version += 1;
        }
    }

    /// The list with this number.
    pub(crate) fn list(&self, number: u32) -> &Arc<[Route]> {
        &self.lists[number as usize].0
    }

    /// All lists, from number 0 on.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &[Route]> {
        self.lists.iter().map(|(list, _)| &**list)
    }

    /// A number that changes whenever the lists change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{Hops, Kind};

    #[test]
    fn equal_lists_have_one_number_until_nobody_has_them() {
        let list = |priority| {
            [Route {
                priority,
                kind: Kind::Local,
                hops: Hops::Object(1),
                shadows: false,
            }]
        };
        let mut route_lists = RouteLists::default();
        assert_eq!(
            (
                route_lists.acquire(&list(1)),
                route_lists.acquire(&list(2)),
                route_lists.acquire(&list(1))
            ),
            (Some(1), Some(2), Some(1))
        );
        route_lists.release(1);
        assert_eq!(route_lists.list(1)[0].priority, 1);
        let version = route_lists.version();
        route_lists.release(1);
        assert!(route_lists.list(1).is_empty() && route_lists.version() != version);
        assert_eq!(
            (route_lists.acquire(&list(3)), route_lists.lists().count()),
            (Some(1), 3)
        );
    }
}

//! Route lists, each kept once: a full table has a million prefixes and a handful of ways out.

use std::collections::HashMap;
use std::sync::Arc;

use crate::route::Route;
use crate::tree::VALUES;

/// Lists by number. Number 0 is no list.
#[derive(Debug)]
pub(crate) struct Sets {
    numbers: HashMap<Arc<[Route]>, u32>,
    /// The list and how many prefixes have it.
    lists: Vec<(Arc<[Route]>, usize)>,
    free: Vec<u32>,
    /// Differs when the lists do.
    version: u64,
}

impl Default for Sets {
    fn default() -> Self {
        Sets {
            numbers: HashMap::new(),
            lists: vec![(Arc::new([]), 0)],
            free: Vec::new(),
            version: 0,
        }
    }
}

impl Sets {
    /// The number of a list for one more prefix; none when there are [`VALUES`] already.
    pub(crate) fn take(&mut self, list: &[Route]) -> Option<u32> {
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

    /// One prefix fewer has this list.
    pub(crate) fn leave(&mut self, number: u32) {
        let (list, users) = &mut self.lists[number as usize];
        *users = users.saturating_sub(1);
        if *users == 0 && number != 0 {
            self.numbers.remove(&*list);
            *list = Arc::new([]);
            self.free.push(number);
            self.version += 1;
        }
    }

    /// The list of a number.
    pub(crate) fn list(&self, number: u32) -> &Arc<[Route]> {
        &self.lists[number as usize].0
    }

    /// All of them, from number 0 on.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &[Route]> {
        self.lists.iter().map(|(list, _)| &**list)
    }

    /// Differs when the lists do.
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
        let mut sets = Sets::default();
        assert_eq!(
            (
                sets.take(&list(1)),
                sets.take(&list(2)),
                sets.take(&list(1))
            ),
            (Some(1), Some(2), Some(1))
        );
        sets.leave(1);
        assert_eq!(sets.list(1)[0].priority, 1);
        let version = sets.version();
        sets.leave(1);
        assert!(sets.list(1).is_empty() && sets.version() != version);
        assert_eq!((sets.take(&list(3)), sets.lists().count()), (Some(1), 3));
    }
}

//! A table of bounded size that makes room by forgetting an entry that was not used for long: approximately the least
//! recently used one.

use std::collections::HashMap;
use std::hash::Hash;

/// How many entries are examined to find one to forget.
const EXAMINED: usize = 16;

/// Entries by key, at most `max` of them. An entry keeps its number for as long as it exists.
///
/// The keys come from the network: the hash is the standard library's, which nobody outside can predict.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    numbers: HashMap<K, u32>,
    entries: Vec<Entry<K, V>>,
    max: usize,
    hand: usize,
    recycled: u64,
}

#[derive(Debug)]
struct Entry<K, V> {
    key: K,
    used_ns: u64,
    value: V,
}

impl<K: Copy + Eq + Hash, V> Table<K, V> {
    pub(crate) fn new(max: usize) -> Table<K, V> {
        Table {
            numbers: HashMap::new(),
            entries: Vec::new(),
            max: max.max(1),
            hand: 0,
            recycled: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the next new entry takes the place of another.
    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= self.max
    }

    /// Returns how many entries were forgotten to make room.
    pub(crate) fn recycled(&self) -> u64 {
        self.recycled
    }

    pub(crate) fn clear_recycled(&mut self) {
        self.recycled = 0;
    }

    /// Returns the number of a key's entry, and notes that it was used.
    #[inline]
    pub(crate) fn find(&mut self, key: &K, now_ns: u64) -> Option<u32> {
        let number = *self.numbers.get(key)?;
        self.entries[number as usize].used_ns = now_ns;
        Some(number)
    }

    /// Adds an entry. Returns its number, and the value that was forgotten for it.
    pub(crate) fn insert(&mut self, key: K, value: V, now_ns: u64) -> (u32, Option<V>) {
        let entry = Entry {
            key,
            used_ns: now_ns,
            value,
        };
        if self.entries.len() < self.max {
            self.entries.push(entry);
            let number = (self.entries.len() - 1) as u32;
            self.numbers.insert(key, number);
            return (number, None);
        }
        let number = self.oldest();
        let old = std::mem::replace(&mut self.entries[number], entry);
        self.numbers.remove(&old.key);
        self.numbers.insert(key, number as u32);
        self.recycled += 1;
        (number as u32, Some(old.value))
    }

    /// Returns the least recently used of the next few entries.
    fn oldest(&mut self) -> usize {
        let count = self.entries.len();
        let examined = (0..EXAMINED.min(count)).map(|step| (self.hand + step) % count);
        let oldest = examined
            .min_by_key(|number| self.entries[*number].used_ns)
            .unwrap_or(0);
        self.hand = (self.hand + EXAMINED) % count;
        oldest
    }

    /// Forgets every entry.
    pub(crate) fn clear(&mut self) {
        self.numbers.clear();
        self.entries.clear();
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> &V {
        &self.entries[number as usize].value
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, number: u32) -> &mut V {
        &mut self.entries[number as usize].value
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|entry| (&entry.key, &entry.value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.entries
            .iter_mut()
            .map(|entry| (&entry.key, &mut entry.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_grows_past_its_bound_and_keeps_what_is_used() {
        let mut table = Table::new(8);
        for key in 0..8_u32 {
            assert_eq!(table.insert(key, key * 10, key.into()), (key, None));
        }
        // All but 3 are used again.
        for key in (0..8).filter(|key| *key != 3) {
            assert_eq!(table.find(&key, 100), Some(key));
        }
        assert_eq!(table.insert(99, 990, 101), (3, Some(30)));
        assert_eq!((table.len(), table.recycled()), (8, 1));
        assert_eq!(table.find(&3, 102), None);
        assert_eq!(table.find(&99, 102), Some(3));
        assert_eq!(*table.get(3), 990);
        // A flood of others: still eight, and every key finds its own value.
        for key in 1000..2000 {
            table.insert(key, key * 10, key.into());
        }
        let all: Vec<(u32, u32)> = table.iter().map(|(key, value)| (*key, *value)).collect();
        assert_eq!(all.len(), 8);
        for (key, value) in all {
            assert_eq!(value, key * 10);
            let number = table.find(&key, 5000).unwrap();
            assert_eq!(*table.get(number), value);
        }
    }
}

//! An ordered map that shares what it has in common with its copies.
//!
//! The entries lie in chunks, one after the other. A copy copies pointers to chunks, a change copies one chunk, and what
//! two maps share is the same chunk at both, which whoever compares them need not look into. Persistent maps of libraries
//! do that much; what they have no place for is a digest for each chunk, by which a tree's hash costs what has changed.

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Index;
use std::sync::{Arc, OnceLock};

/// Most entries of a chunk: a copied map copies a pointer for each chunk, a changed one a chunk's entries.
const MOST: usize = 64;
/// A chunk with fewer is put together with its neighbour, if there is room.
const FEW: usize = MOST / 4;

/// Values by name, in the order of the names' octets.
#[derive(Clone)]
pub struct Map<V> {
    /// In order, none of them empty.
    chunks: Vec<Arc<Chunk<V>>>,
    len: usize,
}

#[derive(Clone)]
struct Chunk<V> {
    /// In order.
    entries: Vec<(String, V)>,
    /// Of these entries, once somebody asked.
    sum: OnceLock<Sum>,
}

impl<V> Chunk<V> {
    fn new(entries: Vec<(String, V)>) -> Arc<Chunk<V>> {
        let sum = OnceLock::new();
        Arc::new(Chunk { entries, sum })
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.entries
            .binary_search_by(|(other, _)| other.as_str().cmp(name))
    }

    fn first(&self) -> &str {
        self.entries.first().map_or("", |(name, _)| name)
    }
}

impl<V> Map<V> {
    /// Without entries.
    pub const fn new() -> Map<V> {
        Map {
            chunks: Vec::new(),
            len: 0,
        }
    }

    /// Entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.get_key_value(name).map(|(_, value)| value)
    }

    /// The name as it is kept here, and its value.
    pub fn get_key_value(&self, name: &str) -> Option<(&String, &V)> {
        let chunk = &self.chunks[self.chunk(name)?];
        let (name, value) = &chunk.entries[chunk.find(name).ok()?];
        Some((name, value))
    }

    /// Whether it has a name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Entries in order.
    pub fn iter(&self) -> Iter<'_, V> {
        Iter {
            chunks: &self.chunks,
            chunk: 0,
            at: 0,
        }
    }

    /// Entries in order, from the first whose name is not less.
    pub fn onward(&self, name: &str) -> Iter<'_, V> {
        let chunk = self.chunk(name).unwrap_or_default();
        let at = self.chunks.get(chunk).map_or(0, |chunk| {
            let (Ok(at) | Err(at)) = chunk.find(name);
            at
        });
        let mut iter = Iter {
            chunks: &self.chunks,
            chunk,
            at,
        };
        iter.settle();
        iter
    }

    /// Names in order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.iter().map(|(name, _)| name)
    }

    /// Values in the order of their names.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// What every entry's digest adds up to; `digest` must depend on the entry alone, and always in the same way. Chunks
    /// remember theirs until they change.
    pub fn sum(&self, digest: impl Fn(&str, &V) -> [u8; 32]) -> Sum {
        let mut all = Sum::default();
        for chunk in &self.chunks {
            all.add(chunk.sum.get_or_init(|| {
                let mut sum = Sum::default();
                for (name, value) in &chunk.entries {
                    sum.add(&Sum::of(&digest(name, value)));
                }
                sum
            }));
        }
        all
    }

    /// The names whose values are not the `same`, with the value of each, in order. What the two share is the same.
    pub fn unlike<'a, S: Fn(&V, &V) -> bool>(
        &'a self,
        other: &'a Map<V>,
        same: S,
    ) -> Unlike<'a, V, S> {
        Unlike {
            one: self.iter(),
            other: other.iter(),
            same,
        }
    }

    /// The chunk in which a name is, or would be. None: there is no chunk.
    fn chunk(&self, name: &str) -> Option<usize> {
        let behind = self.chunks.partition_point(|chunk| chunk.first() <= name);
        match behind {
            0 if self.chunks.is_empty() => None,
            behind => Some(behind.saturating_sub(1)),
        }
    }
}

impl<V: Clone> Map<V> {
    /// Puts a value in, and returns the one that the name had.
    pub fn insert(&mut self, name: String, value: V) -> Option<V> {
        match self.place(&name) {
            Ok((chunk, at)) => Some(std::mem::replace(&mut self.entries(chunk)[at].1, value)),
            Err(place) => {
                self.put(place, name, value);
                None
            }
        }
    }

    /// The value of a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        let (chunk, at) = self.place(name).ok()?;
        Some(&mut self.entries(chunk)[at].1)
    }

    /// The value of a name, made when there is none.
    pub fn get_or_insert_with(&mut self, name: &str, make: impl FnOnce() -> V) -> &mut V {
        let (chunk, at) = match self.place(name) {
            Ok(place) => place,
            Err(place) => self.put(place, name.to_owned(), make()),
        };
        &mut self.entries(chunk)[at].1
    }

    /// Takes a name out.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let (chunk, at) = self.place(name).ok()?;
        let entries = self.entries(chunk);
        let (_, value) = entries.remove(at);
        self.len -= 1;
        self.join(chunk);
        Some(value)
    }

    /// Keeps the entries that `keep` says, which gets the value of `before`, too, and may change its own. What the two
    /// share is kept unasked.
    pub fn retain_unlike(
        &mut self,
        before: &Map<V>,
        mut keep: impl FnMut(&String, Option<&V>, &mut V) -> bool,
    ) {
        let mut index = 0;
        // Chunks that are shared mostly follow each other at both.
        let mut likely = 0;
        while index < self.chunks.len() {
            let chunk = &self.chunks[index];
            let is = |at: usize| {
                let other = before.chunks.get(at);
                other.is_some_and(|other| Arc::ptr_eq(other, chunk))
            };
            if !is(likely) {
                likely = before.chunk(chunk.first()).unwrap_or_default();
            }
            if is(likely) {
                (index, likely) = (index + 1, likely + 1);
                continue;
            }
            let entries = self.entries(index);
            let had = entries.len();
            entries.retain_mut(|(name, value)| keep(name, before.get(name), value));
            let gone = had - entries.len();
            let emptied = entries.is_empty();
            self.len -= gone;
            if emptied {
                self.chunks.remove(index);
            } else {
                index += 1;
            }
        }
    }

    /// Where a name is: its chunk, and where it is in it; or would be.
    fn place(&self, name: &str) -> Result<(usize, usize), (usize, usize)> {
        let chunk = self.chunk(name).ok_or((0, 0))?;
        match self.chunks[chunk].find(name) {
            Ok(at) => Ok((chunk, at)),
            Err(at) => Err((chunk, at)),
        }
    }

    /// The entries of a chunk, to be changed.
    fn entries(&mut self, chunk: usize) -> &mut Vec<(String, V)> {
        let chunk = Arc::make_mut(&mut self.chunks[chunk]);
        chunk.sum.take();
        &mut chunk.entries
    }

    /// Puts an entry at its place, and returns the place it then has. A chunk that is full is halved; behind the last one
    /// another begins, so that chunks filled in order are full.
    fn put(
        &mut self,
        (mut chunk, mut at): (usize, usize),
        name: String,
        value: V,
    ) -> (usize, usize) {
        self.len += 1;
        let full = self.chunks.get(chunk).map(|chunk| chunk.entries.len()) == Some(MOST);
        if self.chunks.is_empty() || full && at == MOST && chunk + 1 == self.chunks.len() {
            // Room for one: most maps are small.
            self.chunks.push(Chunk::new(vec![(name, value)]));
            return (self.chunks.len() - 1, 0);
        }
        if full {
            let behind = self.entries(chunk).split_off(MOST / 2);
            self.chunks.insert(chunk + 1, Chunk::new(behind));
            if at > MOST / 2 {
                (chunk, at) = (chunk + 1, at - MOST / 2);
            }
        }
        self.entries(chunk).insert(at, (name, value));
        (chunk, at)
    }

    /// Puts a chunk that has become small together with a neighbour, or takes it out when it is empty.
    fn join(&mut self, chunk: usize) {
        let has = |at: usize| {
            self.chunks
                .get(at)
                .map_or(MOST, |chunk| chunk.entries.len())
        };
        if has(chunk) == 0 {
            self.chunks.remove(chunk);
            return;
        }
        if has(chunk) >= FEW {
            return;
        }
        let before = chunk.checked_sub(1);
        let pair = before.into_iter().chain([chunk]);
        let mut pair = pair.filter(|left| has(*left) + has(left + 1) <= MOST);
        let Some(left) = pair.next() else { return };
        let right = Arc::unwrap_or_clone(self.chunks.remove(left + 1));
        self.entries(left).extend(right.entries);
    }
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Map::new()
    }
}

impl<V> FromIterator<(String, V)> for Map<V> {
    /// Of a name that comes twice, the last value.
    fn from_iter<T: IntoIterator<Item = (String, V)>>(entries: T) -> Map<V> {
        let mut all: Vec<(String, V)> = entries.into_iter().collect();
        if !all.is_sorted_by(|(a, _), (b, _)| a < b) {
            all.sort_by(|(a, _), (b, _)| a.cmp(b));
            all.dedup_by(|next, kept| {
                let twice = next.0 == kept.0;
                if twice {
                    std::mem::swap(next, kept);
                }
                twice
            });
        }
        let len = all.len();
        let mut all = all.into_iter();
        let chunks = std::iter::from_fn(|| {
            let entries: Vec<_> = all.by_ref().take(MOST).collect();
            (!entries.is_empty()).then(|| Chunk::new(entries))
        });
        let chunks = chunks.collect();
        Map { chunks, len }
    }
}

impl<V: PartialEq> PartialEq for Map<V> {
    /// What the two share is not looked at.
    fn eq(&self, other: &Map<V>) -> bool {
        self.len == other.len && self.unlike(other, V::eq).next().is_none()
    }
}

impl<V: Eq> Eq for Map<V> {}

impl<V: fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V> Index<&str> for Map<V> {
    type Output = V;

    /// # Panics
    /// When it does not have the name.
    fn index(&self, name: &str) -> &V {
        match self.get(name) {
            Some(value) => value,
            None => panic!("no entry {name}"),
        }
    }
}

impl<'a, V> IntoIterator for &'a Map<V> {
    type Item = (&'a String, &'a V);
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Iter<'a, V> {
        self.iter()
    }
}

/// Entries in order.
pub struct Iter<'a, V> {
    chunks: &'a [Arc<Chunk<V>>],
    /// The next entry's chunk, and where it is in it.
    chunk: usize,
    at: usize,
}

impl<V> Clone for Iter<'_, V> {
    fn clone(&self) -> Self {
        Iter { ..*self }
    }
}

impl<'a, V> Iter<'a, V> {
    fn peek(&self) -> Option<&'a (String, V)> {
        self.chunks.get(self.chunk)?.entries.get(self.at)
    }

    /// The chunk that begins with the next entry.
    fn beginning(&self) -> Option<&'a Arc<Chunk<V>>> {
        self.chunks.get(self.chunk).filter(|_| self.at == 0)
    }

    fn skip_chunk(&mut self) {
        (self.chunk, self.at) = (self.chunk + 1, 0);
    }

    /// Goes on to the next chunk behind the last entry of one.
    fn settle(&mut self) {
        let chunk = self.chunks.get(self.chunk);
        if chunk.is_some_and(|chunk| self.at >= chunk.entries.len()) {
            self.skip_chunk();
        }
    }
}

impl<'a, V> Iterator for Iter<'a, V> {
    type Item = (&'a String, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.peek()?;
        self.at += 1;
        self.settle();
        Some((name, value))
    }
}

/// What [`Map::unlike`] finds.
pub struct Unlike<'a, V, S> {
    one: Iter<'a, V>,
    other: Iter<'a, V>,
    same: S,
}

impl<'a, V, S: Fn(&V, &V) -> bool> Iterator for Unlike<'a, V, S> {
    type Item = (&'a String, Option<&'a V>, Option<&'a V>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Where one map is at the beginning of a chunk that both have, the other gets there, too, before it is past it.
            if let (Some(one), Some(other)) = (self.one.beginning(), self.other.beginning())
                && Arc::ptr_eq(one, other)
            {
                self.one.skip_chunk();
                self.other.skip_chunk();
                continue;
            }
            let order = match (self.one.peek(), self.other.peek()) {
                (Some((a, _)), Some((b, _))) => a.cmp(b),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return None,
            };
            let left = order.is_le().then(|| self.one.next()).flatten();
            let right = order.is_ge().then(|| self.other.next()).flatten();
            match (left, right) {
                (Some((_, a)), Some((_, b))) if (self.same)(a, b) => {}
                (left, right) => {
                    let name = left.or(right)?.0;
                    return Some((
                        name,
                        left.map(|(_, value)| value),
                        right.map(|(_, value)| value),
                    ));
                }
            }
        }
    }
}

/// Digests added up, modulo 2²⁵⁶, least significant word first: it does not depend on their order, or on what was added up
/// before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum([u64; 4]);

impl Sum {
    fn of(digest: &[u8; 32]) -> Sum {
        let mut words = [0; 4];
        for (word, octets) in words.iter_mut().zip(digest.as_chunks().0) {
            *word = u64::from_le_bytes(*octets);
        }
        Sum(words)
    }

    fn add(&mut self, other: &Sum) {
        let mut carry = false;
        for (word, other) in self.0.iter_mut().zip(other.0) {
            let (sum, over) = word.overflowing_add(other);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            (*word, carry) = (sum, over || again);
        }
    }

    /// As octets, least significant first.
    pub fn octets(&self) -> [u8; 32] {
        let mut octets = [0; 32];
        for (octets, word) in octets.as_chunks_mut().0.iter_mut().zip(self.0) {
            *octets = word.to_le_bytes();
        }
        octets
    }
}

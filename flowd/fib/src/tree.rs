//! Longest prefix match in a tree whose owner changes it while other threads read earlier states of it.
//!
//! A branch decides on eight bits of the address. Each of its 256 slots has the longest prefix of at most that many
//! bits that covers it. Longer prefixes hang below: a leaf of disjoint ranges if there are few, another branch if
//! there are many. Nodes are reference-counted: cloning the tree costs one increment, and a change copies only the
//! branches on its path that another state still shares. So one of a million routes can change, and a new state of
//! all be handed out, at little cost.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::{Address, Prefix};

/// Most routes in a leaf.
const MAX_LEAF: usize = 48;
/// A branch with this many routes or fewer becomes a leaf again. It is well below [`MAX_LEAF`], so that adding and
/// removing one route does not switch back and forth.
const MIN_BRANCH: usize = 16;
/// Number of different values, see [`Found::value`].
pub(crate) const VALUES: u32 = 1 << 24;

/// Result of a lookup; [`Found::NONE`] if no prefix covers the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found(u32);

impl Found {
    pub(crate) const NONE: Found = Found(0);

    /// Packs a prefix length and a value, which is at least 1 and less than [`VALUES`].
    fn new(len: u8, value: u32) -> Found {
        debug_assert!((1..VALUES).contains(&value));
        Found(u32::from(len) << 24 | value & (VALUES - 1))
    }

    fn is_none(self) -> bool {
        self == Found::NONE
    }

    /// The prefix length.
    pub(crate) fn len(self) -> u8 {
        (self.0 >> 24) as u8
    }

    /// The value of the prefix; 0 if there is none.
    pub(crate) fn value(self) -> u32 {
        self.0 & (VALUES - 1)
    }
}

/// The result for all addresses from `start` to the next range.
#[derive(Clone, Copy)]
#[repr(C, packed(4))] // 20 octets instead of 32 for IPv6
struct Range<A> {
    start: A,
    found: Found,
}

#[derive(Clone)]
struct Slot<A> {
    /// The longest prefix that covers the slot and ends in its branch.
    best: Found,
    child: Child<A>,
}

#[derive(Clone)]
enum Child<A> {
    None,
    Leaf(Arc<[Range<A>]>),
    Branch(Arc<Branch<A>>),
}

#[derive(Clone)]
struct Branch<A> {
    /// Number of routes in the branch and below it.
    routes: usize,
    slots: Box<[Slot<A>; 256]>,
}

/// The tree as it was at one moment.
#[derive(Clone)]
pub(crate) struct Tree<A>(Arc<Branch<A>>);

impl<A: Address> Tree<A> {
    /// The longest prefix covering `address`.
    #[inline]
    pub(crate) fn find(&self, address: A) -> Found {
        let mut best = Found::NONE;
        let mut branch = &*self.0;
        let mut depth = 0;
        loop {
            let slot = &branch.slots[address.octet(depth)];
            if !slot.best.is_none() {
                best = slot.best;
            }
            match &slot.child {
                Child::None => return best,
                Child::Branch(next) => branch = next,
                Child::Leaf(ranges) => {
                    let found = in_leaf(ranges, address);
                    return if found.is_none() { best } else { found };
                }
            }
            depth += 8;
        }
    }
}

#[inline]
fn in_leaf<A: Address>(ranges: &[Range<A>], address: A) -> Found {
    let before = |range: &Range<A>| { range.start } <= address;
    // A leaf is rarely in a close cache. Counting fetches its few cache lines at once, where each step of a binary
    // search would wait for one. An IPv6 leaf has too many lines for that.
    let after = if A::BITS == 32 {
        ranges.iter().filter(|range| before(range)).count()
    } else {
        ranges.partition_point(before)
    };
    after
        .checked_sub(1)
        .map_or(Found::NONE, |at| ranges[at].found)
}

/// Prefixes with their values, and the tree that finds the longest one.
pub(crate) struct Table<A> {
    routes: BTreeMap<Prefix<A>, u32>,
    /// Built on first use: reading a whole table is much faster without keeping a tree up to date.
    tree: Option<Tree<A>>,
}

impl<A> Default for Table<A> {
    fn default() -> Self {
        Table {
            routes: BTreeMap::new(),
            tree: None,
        }
    }
}

impl<A: Address> Table<A> {
    /// The present tree, which does not show later changes.
    pub(crate) fn tree(&mut self) -> Tree<A> {
        let build = || {
            let routes = self.routes.iter();
            let sorted: Vec<_> = routes.map(|(prefix, value)| (*prefix, *value)).collect();
            Tree(Arc::new(Branch::new(&sorted, 0)))
        };
        self.tree.get_or_insert_with(build).clone()
    }

    /// Number of prefixes.
    pub(crate) fn len(&self) -> usize {
        self.routes.len()
    }

    /// The value of exactly this prefix.
    pub(crate) fn get(&self, prefix: Prefix<A>) -> Option<u32> {
        self.routes.get(&prefix).copied()
    }

    /// Sets the value of a prefix, which is at least 1 and less than [`VALUES`].
    pub(crate) fn set(&mut self, prefix: Prefix<A>, value: u32) {
        let change = match self.routes.insert(prefix, value) {
            None => Change::Added,
            Some(_) => Change::Replaced,
        };
        self.change(prefix, change);
    }

    /// Removes a prefix if it is there.
    pub(crate) fn remove(&mut self, prefix: Prefix<A>) {
        if self.routes.remove(&prefix).is_some() {
            self.change(prefix, Change::Removed);
        }
    }

    fn change(&mut self, prefix: Prefix<A>, change: Change) {
        if let Some(Tree(root)) = &mut self.tree {
            Arc::make_mut(root).change(&self.routes, prefix, change, 0);
        }
    }
}

/// How a prefix changed.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    Added,
    Replaced,
    Removed,
}

impl<A: Address> Branch<A> {
    /// Builds a branch of sorted routes that agree in their first `depth` bits and are longer than that. Only the
    /// root also takes the route of length 0.
    fn new(routes: &[(Prefix<A>, u32)], depth: u8) -> Branch<A> {
        let empty = Slot {
            best: Found::NONE,
            child: Child::None,
        };
        let mut branch = Branch {
            routes: routes.len(),
            slots: Box::new(std::array::from_fn(|_| empty.clone())),
        };
        let end = depth + 8;
        for (prefix, value) in routes.iter().filter(|(prefix, _)| prefix.len() <= end) {
            branch.cover(*prefix, Found::new(prefix.len(), *value), depth);
        }
        for group in
            routes.chunk_by(|(a, _), (b, _)| a.address().octet(depth) == b.address().octet(depth))
        {
            let below: Vec<_> = group
                .iter()
                .filter(|(prefix, _)| prefix.len() > end)
                .copied()
                .collect();
            branch.slots[group[0].0.address().octet(depth)].child = Child::new(&below, end);
        }
        branch
    }

    /// The slots covered by a prefix that ends in this branch.
    fn covered(&mut self, prefix: Prefix<A>, depth: u8) -> &mut [Slot<A>] {
        let from = prefix.address().octet(depth);
        let count = 1 << (depth + 8 - prefix.len());
        &mut self.slots[from..from + count]
    }

    /// Enters a prefix in the slots it covers, except those with a longer prefix.
    fn cover(&mut self, prefix: Prefix<A>, found: Found, depth: u8) {
        for slot in self.covered(prefix, depth) {
            if slot.best.is_none() || slot.best.len() <= prefix.len() {
                slot.best = found;
            }
        }
    }

    /// Applies a change of `prefix`, which `routes` already has.
    fn change(
        &mut self,
        routes: &BTreeMap<Prefix<A>, u32>,
        prefix: Prefix<A>,
        change: Change,
        depth: u8,
    ) {
        match change {
            Change::Added => self.routes += 1,
            Change::Removed => self.routes -= 1,
            Change::Replaced => {}
        }
        let end = depth + 8;
        if prefix.len() > end {
            let slot = &mut self.slots[prefix.address().octet(depth)];
            let below = || below(routes, Prefix::new(prefix.address(), end));
            match &mut slot.child {
                Child::Branch(branch) => {
                    let branch = Arc::make_mut(branch);
                    branch.change(routes, prefix, change, end);
                    if branch.routes <= MIN_BRANCH {
                        slot.child = Child::new(&below(), end);
                    }
                }
                child => *child = Child::new(&below(), end),
            }
            return;
        }
        if let Some(value) = routes.get(&prefix) {
            return self.cover(prefix, Found::new(prefix.len(), *value), depth);
        }
        // The slots it covered go to the next shorter prefix that ends in this branch.
        let shortest = if depth == 0 { 0 } else { depth + 1 };
        let next = (shortest..prefix.len()).rev().find_map(|len| {
            let value = routes.get(&Prefix::new(prefix.address(), len))?;
            Some(Found::new(len, *value))
        });
        for slot in self.covered(prefix, depth) {
            if !slot.best.is_none() && slot.best.len() == prefix.len() {
                slot.best = next.unwrap_or(Found::NONE);
            }
        }
    }
}

/// The routes inside `slot` and longer than it, sorted.
fn below<A: Address>(routes: &BTreeMap<Prefix<A>, u32>, slot: Prefix<A>) -> Vec<(Prefix<A>, u32)> {
    routes
        .range(slot..=Prefix::new(slot.last(), A::BITS))
        .filter(|(prefix, _)| prefix.len() > slot.len())
        .map(|(prefix, value)| (*prefix, *value))
        .collect()
}

impl<A: Address> Child<A> {
    /// Builds the node for sorted routes that agree in their first `depth` bits and are longer than that.
    fn new(routes: &[(Prefix<A>, u32)], depth: u8) -> Child<A> {
        match routes.len() {
            0 => Child::None,
            1..=MAX_LEAF => Child::Leaf(ranges(routes).into()),
            _ => Child::Branch(Arc::new(Branch::new(routes, depth))),
        }
    }
}

/// Splits nested prefixes into adjacent ranges.
fn ranges<A: Address>(routes: &[(Prefix<A>, u32)]) -> Vec<Range<A>> {
    let mut ranges: Vec<Range<A>> = Vec::with_capacity(routes.len() * 2);
    // The prefixes containing the present address, the innermost last.
    let mut around: Vec<(A, Found)> = Vec::new();
    let start = |ranges: &mut Vec<Range<A>>, start: A, found: Found| {
        if ranges.last().is_some_and(|last| { last.start } == start) {
            ranges.pop();
        }
        if ranges.last().is_none_or(|last| { last.found } != found) {
            ranges.push(Range { start, found });
        }
    };
    let leave = |ranges: &mut Vec<Range<A>>, around: &mut Vec<(A, Found)>, before: Option<A>| {
        while let Some((last, _)) = around.last().copied()
            && before.is_none_or(|before| last < before)
        {
            around.pop();
            if let Some(next) = last.next() {
                let found = around.last().map_or(Found::NONE, |(_, found)| *found);
                start(ranges, next, found);
            }
        }
    };
    for (prefix, value) in routes {
        leave(&mut ranges, &mut around, Some(prefix.address()));
        let found = Found::new(prefix.len(), *value);
        start(&mut ranges, prefix.address(), found);
        around.push((prefix.last(), found));
    }
    leave(&mut ranges, &mut around, None);
    ranges
}

#[cfg(test)]
mod tests;

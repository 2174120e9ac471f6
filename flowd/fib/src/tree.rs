//! Longest prefix match, shared between the one who changes it and those who read older states of it.
//!
//! A branch decides eight bits. Each of its slots knows the longest prefix of up to those bits that covers it, and
//! what is longer hangs below: a leaf of disjoint ranges when there are few, another branch when there are many. Nodes
//! are shared: a clone of the tree is one count, and a change copies only the branches on its way that somebody
//! else still has. So a million routes may change one at a time, and a state of them all can be handed out whenever it is wanted.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::{Address, Prefix};

/// Most routes of a leaf.
const LEAF: usize = 48;
/// A branch with this few becomes a leaf again; less than [`LEAF`], so that one route more or less does not flip it.
const FEW: usize = 16;
/// Most values there can be, [`Found::value`].
pub(crate) const VALUES: u32 = 1 << 24;

/// What a lookup found, or nothing when it is [`Found::NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found(u32);

impl Found {
    pub(crate) const NONE: Found = Found(0);

    /// `value` is at least 1 and less than [`VALUES`].
    fn new(len: u8, value: u32) -> Found {
        debug_assert!((1..VALUES).contains(&value));
        Found(u32::from(len) << 24 | value & (VALUES - 1))
    }

    fn is_none(self) -> bool {
        self == Found::NONE
    }

    /// The prefix's bits.
    pub(crate) fn len(self) -> u8 {
        (self.0 >> 24) as u8
    }

    /// The prefix's value; 0 for none.
    pub(crate) fn value(self) -> u32 {
        self.0 & (VALUES - 1)
    }
}

/// From here on, up to the next one.
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
    /// Routes in it and below.
    routes: usize,
    slots: Box<[Slot<A>; 256]>,
}

/// The tree as it was at one moment.
#[derive(Clone)]
pub(crate) struct Tree<A>(Arc<Branch<A>>);

impl<A: Address> Tree<A> {
    /// The longest prefix that covers `address`.
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
    // A leaf is seldom in a near cache. Counting reads its few lines at once, where the steps of a search would each
    // wait for one; an IPv6 leaf has too many for that.
    let after = if A::BITS == 32 {
        ranges.iter().filter(|range| before(range)).count()
    } else {
        ranges.partition_point(before)
    };
    after
        .checked_sub(1)
        .map_or(Found::NONE, |at| ranges[at].found)
}

/// Prefixes with their values, and the tree that finds the longest.
pub(crate) struct Table<A> {
    routes: BTreeMap<Prefix<A>, u32>,
    /// None until it is wanted for the first time: a table is read whole much faster than route by route.
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
    /// The tree as it is now; later changes do not show in it.
    pub(crate) fn tree(&mut self) -> Tree<A> {
        let build = || {
            let routes = self.routes.iter();
            let sorted: Vec<_> = routes.map(|(prefix, value)| (*prefix, *value)).collect();
            Tree(Arc::new(Branch::new(&sorted, 0)))
        };
        self.tree.get_or_insert_with(build).clone()
    }

    /// Prefixes.
    pub(crate) fn len(&self) -> usize {
        self.routes.len()
    }

    /// The value of exactly this prefix.
    pub(crate) fn get(&self, prefix: Prefix<A>) -> Option<u32> {
        self.routes.get(&prefix).copied()
    }

    /// Gives a prefix a value, at least 1 and less than [`VALUES`].
    pub(crate) fn set(&mut self, prefix: Prefix<A>, value: u32) {
        let change = match self.routes.insert(prefix, value) {
            None => Change::New,
            Some(_) => Change::Other,
        };
        self.change(prefix, change);
    }

    /// Takes a prefix out, if it is there.
    pub(crate) fn remove(&mut self, prefix: Prefix<A>) {
        if self.routes.remove(&prefix).is_some() {
            self.change(prefix, Change::Gone);
        }
    }

    fn change(&mut self, prefix: Prefix<A>, change: Change) {
        if let Some(Tree(root)) = &mut self.tree {
            Arc::make_mut(root).change(&self.routes, prefix, change, 0);
        }
    }
}

/// What has become of a prefix.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    New,
    Other,
    Gone,
}

impl<A: Address> Branch<A> {
    /// A branch of sorted routes that agree in their first `depth` bits and are longer, but for the root, which also
    /// has the one of no bits.
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

    /// The slots that a prefix ending in this branch covers.
    fn covered(&mut self, prefix: Prefix<A>, depth: u8) -> &mut [Slot<A>] {
        let from = prefix.address().octet(depth);
        let count = 1 << (depth + 8 - prefix.len());
        &mut self.slots[from..from + count]
    }

    /// Shows a prefix in the slots it covers where nothing longer does.
    fn cover(&mut self, prefix: Prefix<A>, found: Found, depth: u8) {
        for slot in self.covered(prefix, depth) {
            if slot.best.is_none() || slot.best.len() <= prefix.len() {
                slot.best = found;
            }
        }
    }

    /// Takes over what has become of `prefix` in `routes`.
    fn change(
        &mut self,
        routes: &BTreeMap<Prefix<A>, u32>,
        prefix: Prefix<A>,
        change: Change,
        depth: u8,
    ) {
        match change {
            Change::New => self.routes += 1,
            Change::Gone => self.routes -= 1,
            Change::Other => {}
        }
        let end = depth + 8;
        if prefix.len() > end {
            let slot = &mut self.slots[prefix.address().octet(depth)];
            let below = || below(routes, Prefix::new(prefix.address(), end));
            match &mut slot.child {
                Child::Branch(branch) => {
                    let branch = Arc::make_mut(branch);
                    branch.change(routes, prefix, change, end);
                    if branch.routes <= FEW {
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
        // What it covered falls to the next shorter one that ends in this branch.
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
    /// The node of sorted routes that agree in their first `depth` bits and are longer.
    fn new(routes: &[(Prefix<A>, u32)], depth: u8) -> Child<A> {
        match routes.len() {
            0 => Child::None,
            1..=LEAF => Child::Leaf(ranges(routes).into()),
            _ => Child::Branch(Arc::new(Branch::new(routes, depth))),
        }
    }
}

/// Cuts nested prefixes into ranges side by side.
fn ranges<A: Address>(routes: &[(Prefix<A>, u32)]) -> Vec<Range<A>> {
    let mut ranges: Vec<Range<A>> = Vec::with_capacity(routes.len() * 2);
    // The prefixes around the present place, the innermost last.
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

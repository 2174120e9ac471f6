use proptest::prelude::*;

use super::*;

/// The longest prefix by looking at every route.
fn naive<A: Address>(routes: &BTreeMap<Prefix<A>, u32>, address: A) -> (u8, u32) {
    let covering = routes
        .iter()
        .filter(|(prefix, _)| prefix.address() <= address && address <= prefix.last());
    covering
        .max_by_key(|(prefix, _)| prefix.len())
        .map_or((0, 0), |(prefix, value)| (prefix.len(), *value))
}

fn found<A: Address>(tree: &Tree<A>, address: A) -> (u8, u32) {
    let found = tree.find(address);
    (found.len(), found.value())
}

/// Both sides of every boundary.
fn places<A: Address>(routes: &BTreeMap<Prefix<A>, u32>) -> Vec<A> {
    let ends = routes.keys().flat_map(|prefix| {
        let before = Prefix::new(prefix.address(), prefix.len()).address();
        [Some(before), Some(prefix.last()), prefix.last().next()]
    });
    ends.flatten().collect()
}

/// Applies additions (with a value) and removals (without) one by one, compares every state with the naive lookup,
/// and checks that earlier states stay as they were.
fn check<A: Address>(steps: Vec<(A, u8, Option<u32>)>) {
    let mut table = Table::default();
    table.tree();
    let mut routes = BTreeMap::new();
    let mut before = None;
    let last = steps.len().saturating_sub(1);
    for (at, (address, len, value)) in steps.into_iter().enumerate() {
        let prefix = Prefix::new(address, len);
        match value {
            Some(value) => {
                table.set(prefix, value);
                routes.insert(prefix, value);
            }
            None => {
                // The prefix itself is rarely present, so the nearest one is removed.
                let near = routes.range(prefix..).next().map(|(near, _)| *near);
                let gone = near.unwrap_or(prefix);
                table.remove(gone);
                routes.remove(&gone);
            }
        }
        assert_eq!(table.len(), routes.len());
        if at % 64 == 0 || at == last {
            let tree = table.tree();
            let mut whole = Table::default();
            routes
                .iter()
                .for_each(|(prefix, value)| whole.set(*prefix, *value));
            let whole = whole.tree();
            for place in places(&routes) {
                let expected = naive(&routes, place);
                assert_eq!(found(&tree, place), expected, "{place:x?}");
                assert_eq!(found(&whole, place), expected, "{place:x?} at once");
            }
            if let Some((tree, routes)) = before.replace((tree, routes.clone())) {
                for place in places(&routes) {
                    assert_eq!(
                        found(&tree, place),
                        naive(&routes, place),
                        "{place:x?} before"
                    );
                }
            }
        }
    }
}

/// Addresses close together, so that leaves fill up and become branches.
fn near(octets: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(
        prop_oneof![5 => Just(10), 2 => 0..4_u8, 1 => any::<u8>()],
        octets,
    )
}

fn value() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![3 => (1..6_u32).prop_map(Some), 1 => Just(None)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn four_octets_find_what_the_slow_way_finds(
        steps in proptest::collection::vec((near(4), 0..=32_u8, value()), 1..400)
    ) {
        let number = |octets: Vec<u8>| u32::from_be_bytes(octets.try_into().unwrap());
        check(steps.into_iter().map(|(octets, len, value)| (number(octets), len, value)).collect());
    }

    #[test]
    fn sixteen_octets_find_what_the_slow_way_finds(
        steps in proptest::collection::vec((near(16), 0..=128_u8, value()), 1..300)
    ) {
        let number = |octets: Vec<u8>| u128::from_be_bytes(octets.try_into().unwrap());
        check(steps.into_iter().map(|(octets, len, value)| (number(octets), len, value)).collect());
    }
}

#[test]
fn a_tree_that_filled_and_emptied_is_as_small_as_before() {
    let mut table = Table::<u32>::default();
    table.tree();
    let prefixes: Vec<_> = (0..2000)
        .map(|i| Prefix::new(0x0a00_0000 | i << 4, 28 + (i % 5) as u8))
        .collect();
    for prefix in &prefixes {
        table.set(*prefix, 1);
    }
    let tree = table.tree();
    assert!(matches!(tree.0.slots[10].child, Child::Branch(_)));
    assert_eq!(found(&tree, 0x0a00_0010).1, 1);
    for prefix in &prefixes {
        table.remove(*prefix);
    }
    assert_eq!(table.len(), 0);
    assert!(matches!(table.tree().0.slots[10].child, Child::None));
    assert_eq!(found(&tree, 0x0a00_0010).1, 1, "the state handed out stays");
}

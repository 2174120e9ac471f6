use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What is done to a map, and to a BTreeMap alike.
#[derive(Clone, Debug)]
enum Step {
    Insert(u16, u8),
    Change(u16),
    Make(u16, u8),
    Remove(u16),
    /// Takes out a run of names: chunks become small and empty.
    RemoveRun(u16, u8),
    /// Adds a run of names: chunks become full.
    InsertRun(u16, u8),
    RetainEven,
    /// Keeps a copy, which must stay as it is.
    Copy,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0u16..600;
    prop_oneof![
        4 => (name.clone(), any::<u8>()).prop_map(|(name, value)| Step::Insert(name, value)),
        2 => name.clone().prop_map(Step::Change),
        2 => (name.clone(), any::<u8>()).prop_map(|(name, value)| Step::Make(name, value)),
        4 => name.clone().prop_map(Step::Remove),
        2 => (name.clone(), any::<u8>()).prop_map(|(name, run)| Step::RemoveRun(name, run)),
        3 => (name, any::<u8>()).prop_map(|(name, run)| Step::InsertRun(name, run)),
        1 => Just(Step::RetainEven),
        3 => Just(Step::Copy),
    ]
}

fn name(number: u16) -> String {
    // Names of different lengths, so that their order is not that of the numbers.
    format!("n{number}")
}

/// No chunk is empty or too long, and all is in order.
fn sound(map: &Map<u8>) {
    assert!(
        map.chunks
            .iter()
            .all(|chunk| (1..=MOST).contains(&chunk.entries.len()))
    );
    assert_eq!(map.iter().count(), map.len());
    assert!(map.keys().is_sorted_by(|a, b| a < b));
}

fn digest(name: &str, value: &u8) -> [u8; 32] {
    // Big enough to carry from word to word.
    let mut digest = [0xfb; 32];
    for (at, octet) in name.bytes().chain([*value]).enumerate() {
        digest[at * 5 % 32] ^= octet.wrapping_mul(31);
    }
    digest
}

type Btree = BTreeMap<String, u8>;

fn equal(map: &Map<u8>, model: &Btree) {
    sound(map);
    assert!(map.iter().eq(model.iter()));
    let anew: Map<u8> = model.clone().into_iter().collect();
    assert_eq!(map, &anew);
    assert_eq!(map.sum(digest), anew.sum(digest), "however the chunks lie");
}

fn differences(one: &Btree, other: &Btree) -> Vec<(String, Option<u8>, Option<u8>)> {
    let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let both = |name: &String| (one.get(name).copied(), other.get(name).copied());
    let found = names.into_iter().map(|name| (name.clone(), both(name)));
    let unlike = found.filter(|(_, (a, b))| a != b);
    unlike.map(|(name, (a, b))| (name, a, b)).collect()
}

fn run(steps: &[Step]) {
    let (mut map, mut model) = (Map::new(), Btree::new());
    let mut copies: Vec<(Map<u8>, Btree)> = vec![(Map::new(), Btree::new())];
    for step in steps {
        match *step {
            Step::Insert(at, value) => {
                assert_eq!(map.insert(name(at), value), model.insert(name(at), value));
            }
            Step::Change(at) => {
                let (own, other) = (map.get_mut(&name(at)), model.get_mut(&name(at)));
                assert_eq!(own, other);
                own.into_iter().chain(other).for_each(|value| *value ^= 1);
            }
            Step::Make(at, value) => {
                let own = map.get_or_insert_with(&name(at), || value);
                assert_eq!(own, model.entry(name(at)).or_insert(value));
            }
            Step::Remove(at) => assert_eq!(map.remove(&name(at)), model.remove(&name(at))),
            Step::RemoveRun(at, run) => {
                for at in at..at + u16::from(run) {
                    assert_eq!(map.remove(&name(at)), model.remove(&name(at)));
                }
            }
            Step::InsertRun(at, run) => {
                for at in at..at + u16::from(run) {
                    assert_eq!(map.insert(name(at), run), model.insert(name(at), run));
                }
            }
            Step::RetainEven => {
                let (before, was) = copies.last().unwrap();
                let keep = |value: &mut u8| {
                    *value = value.wrapping_add(2);
                    value.is_multiple_of(2)
                };
                let before_len = before.len();
                let mut kept_unasked = map.len();
                map.retain_unlike(before, |name, had, value| {
                    kept_unasked -= 1;
                    assert_eq!(had, was.get(name));
                    had == Some(value) || keep(value)
                });
                assert!(kept_unasked <= before_len);
                model.retain(|name, value| was.get(name) == Some(value) || keep(value));
            }
            Step::Copy => {
                // Asking for the sum makes chunks remember theirs.
                map.sum(digest);
                copies.push((map.clone(), model.clone()));
            }
        }
        sound(&map);
    }
    let from = name(300);
    assert!(map.onward(&from).eq(model.range(from..)));
    equal(&map, &model);
    for (copy, was) in &copies {
        equal(copy, was);
        assert_eq!(copy == &map, was == &model);
        assert_eq!(copy.sum(digest) == map.sum(digest), was == &model);
        let found: Vec<_> = copy
            .unlike(&map, u8::eq)
            .map(|(name, a, b)| (name.clone(), a.copied(), b.copied()))
            .collect();
        assert_eq!(found, differences(was, &model));
    }
}

proptest! {
    #[test]
    fn it_is_what_a_btreemap_is(steps in prop::collection::vec(step(), 1..120)) {
        run(&steps);
    }

    #[test]
    fn of_a_name_that_comes_twice_the_last_value_stays(
        entries in prop::collection::vec((0u16..90, any::<u8>()), 0..300)
    ) {
        let entries = || entries.iter().map(|(at, value)| (name(*at), *value));
        equal(&entries().collect(), &entries().collect());
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let map: Map<u8> = [("b".to_owned(), 1)].into_iter().collect();
    assert_eq!(
        (map.get("a"), map.get("b"), map.get("c")),
        (None, Some(&1), None)
    );
    assert_eq!(Map::<u8>::new().get("a"), None);
    assert_eq!((map.onward("a").count(), map.onward("c").count()), (1, 0));
    assert_eq!(Map::<u8>::new().onward("a").count(), 0);
    assert_eq!(map["b"], 1);
}

#[test]
fn a_copy_shares_all_but_the_changed_chunk_and_only_that_is_compared() {
    let all = 100 * MOST;
    let map: Map<usize> = (0..all).map(|at| (format!("{at:06}"), at)).collect();
    let mut copy = map.clone();
    *copy.get_mut("003000").unwrap() = 0;
    let shared = map.chunks.iter().zip(&copy.chunks);
    let shared = shared.filter(|(a, b)| Arc::ptr_eq(a, b)).count();
    assert_eq!(shared, map.chunks.len() - 1);
    let looked_at = std::cell::Cell::new(0);
    let same = |a: &usize, b: &usize| {
        looked_at.set(looked_at.get() + 1);
        a == b
    };
    assert_eq!(map.unlike(&copy, same).count(), 1);
    assert!(looked_at.get() <= MOST);
    // An entry more in the middle: what lies behind it is shared all the same.
    copy.insert("003000.5".into(), 0);
    looked_at.set(0);
    assert_eq!(map.unlike(&copy, same).count(), 2);
    assert!(looked_at.get() <= MOST);
    let mut asked = 0;
    copy.retain_unlike(&map, |_, _, _| {
        asked += 1;
        true
    });
    assert!(asked <= MOST + 1);
}

#[test]
fn chunks_filled_in_order_are_full() {
    let mut map = Map::new();
    for at in 0..10 * MOST {
        map.insert(format!("{at:06}"), at);
    }
    assert_eq!(map.chunks.len(), 10);
}

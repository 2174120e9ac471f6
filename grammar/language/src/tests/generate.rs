//! Random trees that the schema allows.

use proptest::prelude::*;

use registry::FIELDS;

use crate::Tree;
use crate::schema::{Kind, Place, TABLE, Type, lookup};

/// What one entry of a random tree is made of.
#[derive(Clone, Debug)]
struct Seed {
    row: usize,
    pick: u64,
    names: u64,
    text: String,
}

fn seed() -> impl Strategy<Value = Seed> {
    let text = prop::collection::vec(
        prop_oneof![
            4 => prop::sample::select("ab9 \"\\!#{}[];/*'-_.,:@%$~\u{a0}é→".chars().collect::<Vec<_>>()),
            1 => any::<char>(),
        ],
        1..20,
    );
    let text = text.prop_map(|chars| {
        let text: String = chars
            .into_iter()
            .filter(|c| !c.is_control() && *c != '\u{feff}')
            .collect();
        if text.is_empty() { "x".into() } else { text }
    });
    (0..TABLE.len(), any::<u64>(), any::<u64>(), text).prop_map(|(row, pick, names, text)| Seed {
        row,
        pick,
        names,
        text,
    })
}

/// Rows that stand together in the table, under the same names: what belongs together often stands so.
fn cluster() -> impl Strategy<Value = Vec<Seed>> {
    (
        0..TABLE.len(),
        any::<u64>(),
        prop::collection::vec(seed(), 2..12),
    )
        .prop_map(|(first, names, mut seeds)| {
            for (at, seed) in seeds.iter_mut().enumerate() {
                seed.row = (first + at) % TABLE.len();
                seed.names = names;
            }
            seeds
        })
}

/// A tree of up to some 60 entries, in canonical form.
pub(super) fn tree() -> impl Strategy<Value = Tree> {
    let clusters = prop::collection::vec(cluster(), 0..4);
    (prop::collection::vec(seed(), 0..24), clusters).prop_map(|(seeds, clusters)| {
        let mut tree = Tree::default();
        for seed in seeds.iter().chain(clusters.iter().flatten()) {
            plant(&mut tree, seed);
        }
        // Comments are on what is there.
        let on: Vec<String> = tree
            .children(&["comment"])
            .map(|(node, _)| node.to_owned())
            .collect();
        for node in on {
            if !tree.has(&node.split(' ').collect::<Vec<_>>()) {
                tree.remove(&["comment".into(), node]);
            }
        }
        if tree.children(&["comment"]).next().is_none() {
            tree.remove(&["comment".into()]);
        }
        tree
    })
}

fn plant(tree: &mut Tree, seed: &Seed) {
    let row = &TABLE[seed.row];
    let mut path: Vec<String> = Vec::new();
    let mut names = seed.names;
    for word in row.path.split(' ') {
        let place = lookup(path.iter().map(String::as_str)).expect("the path so far is right");
        match (word, place) {
            ("*", Place::Name(tag)) => {
                // Few names, so that entries meet.
                path.push(value(tag.row.value, names % 4, &seed.text));
                names /= 4;
            }
            _ => path.push(word.to_owned()),
        }
    }
    match row.kind {
        Kind::Container => {}
        Kind::Flag => {
            tree.make(&path, || Tree::Leaf(Vec::new()));
        }
        // Without a text it says nothing.
        Kind::Tag if row.path == "comment" => {}
        Kind::Tag => {
            path.push(value(row.value, seed.pick % 4, &seed.text));
            tree.make(&path, Tree::default);
        }
        Kind::Leaf => {
            *tree.make(&path, Tree::default) =
                Tree::Leaf(vec![value(row.value, seed.pick, &seed.text)]);
        }
        Kind::Multi => {
            let value = value(row.value, seed.pick, &seed.text);
            if let Tree::Leaf(values) = tree.make(&path, || Tree::Leaf(Vec::new()))
                && !values.contains(&value)
            {
                values.push(value);
            }
        }
    }
}

/// A value of the type, canonical.
fn value(kind: Type, pick: u64, text: &str) -> String {
    let one = |from: &[&str]| from[(pick % from.len() as u64) as usize].to_owned();
    let value = match kind {
        Type::None => String::new(),
        Type::Number { min, max } => (min + pick % (max - min + 1)).to_string(),
        Type::Choice(choices) => choices[(pick % choices.len() as u64) as usize].0.to_owned(),
        Type::HostName => one(&["r1", "edge-2", "a.example", "set", "system"]),
        Type::Host => one(&["192.0.2.9", "2001:db8::9", "collector.example", "end"]),
        Type::Address => one(&["192.0.2.1", "192.0.2.10", "2001:db8::1", "198.51.100.7"]),
        Type::ListenAddress => one(&["0.0.0.0", "192.0.2.1", "::", "239.1.2.3", "ff05::9%eth0"]),
        Type::Prefix => one(&[
            "0.0.0.0/0",
            "::/0",
            "192.0.2.0/24",
            "2001:db8::1/128",
            "10.0.0.0/8",
        ]),
        Type::SourcePort => one(&["preserve", "2055"]),
        Type::AgentAddress => one(&["auto", "192.0.2.1", "2001:db8::1"]),
        Type::InterfaceAddress => one(&[
            "192.0.2.1/24",
            "2001:db8::1/64",
            "dhcp",
            "dhcpv6",
            "10.0.0.0/31",
            "::ffff:192.0.2.1/96",
        ]),
        // The first four are names of tags, so the awkward ones stand there.
        Type::Interface => one(&[
            "eth0",
            "lo",
            "FastEthernet1",
            "exit",
            "eth10",
            "br-lan",
            "eth0.100",
            "te0",
        ]),
        Type::InterfaceOrAddress => one(&["eth0", "192.0.2.1", "2001:db8::1", "Ethernet0"]),
        Type::Name => one(&[
            "A", "M-1", "sampler", "NETFLOW", "no", "input", "a:b.c_d", "9",
        ]),
        Type::Alias => one(&["GigabitEthernet0/1", "Te0/0", "eth1", "wan"]),
        Type::Device => one(&["ttyS0", "ttyS1", "hvc0"]),
        Type::Text { .. } => text.to_owned(),
        Type::Match => {
            let fields: Vec<_> = FIELDS.iter().filter(|field| field.key).collect();
            fields[(pick % fields.len() as u64) as usize].example()
        }
        Type::Collect => FIELDS[(pick % FIELDS.len() as u64) as usize].example(),
        Type::Record => one(&[
            "R",
            "netflow-original",
            "netflow ipv4 original-input",
            "netflow ipv6 original-input",
            "A",
        ]),
        Type::EngineId => one(&["0", "1:2", "4294967295"]),
        Type::NodePath => one(&[
            "flow",
            "system host-name",
            "flow monitor A",
            "interfaces ethernet eth0 flow",
        ]),
        Type::UserName => one(&["ann", "_b-2", "no", "system"]),
        Type::Password => text.to_owned(),
        Type::PasswordHash => one(&["*", "!", "$6$a.b/c$d", "!$5$rounds=5000$x$y"]),
        Type::Location => one(&[
            "/var/archive",
            "https://a:b@c.example/d",
            "sftp://a@[2001:db8::1]:22/",
            "/",
        ]),
    };
    assert_eq!(
        kind.accept(&value, false).as_ref(),
        Ok(&value),
        "{kind:?} {value}"
    );
    value
}

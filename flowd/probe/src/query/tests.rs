//! Queries against a model that does the same thing the slow way.

use std::collections::BTreeMap;

use flow::{Batch, EndReason, Value};
use proptest::prelude::*;
use wire::{Header, at};

use super::super::interface_names::InterfaceNames;
use super::*;

/// A flow as the model has it.
#[derive(Clone, Debug)]
struct Spec {
    v6: bool,
    source: u8,
    protocol: u8,
    source_port: u8,
    port: u8,
    flags: u8,
    packets: u64,
    octets: u64,
    first_s: u64,
    last_s: u64,
}

fn spec() -> impl Strategy<Value = Spec> {
    let ports = (0..4u8, 0..4u8);
    let counters = (1..5u64, 1..6u64, 0..4u64, 0..4u64);
    (any::<bool>(), 0..6u8, 0..3u8, ports, 0..8u8, counters).prop_map(
        |(v6, source, protocol, (source_port, port), flags, (packets, octets, first_s, long))| {
            Spec {
                v6,
                source,
                protocol: [6, 17, 1][usize::from(protocol)],
                source_port,
                port,
                flags,
                packets,
                octets: octets * 100,
                first_s,
                last_s: first_s + long,
            }
        },
    )
}

fn layouts() -> [Option<Arc<Layout>>; 2] {
    Record::netflow_original().layouts()
}

fn batches(specs: &[Spec]) -> Vec<Batch> {
    let layouts = layouts();
    let mut batches: Vec<Batch> = Vec::new();
    for spec in specs {
        let layout = layouts[usize::from(spec.v6)].clone().unwrap();
        let mut header = Header::empty();
        match spec.v6 {
            true => header.set(at::SOURCE_IPV6, &[spec.source; 16]),
            false => header.set(at::SOURCE_IPV4, &[10, 0, 0, spec.source]),
        }
        header.set(at::PROTOCOL, &[spec.protocol]);
        header.set(at::SOURCE_PORT, &[0, spec.source_port]);
        header.set(at::DESTINATION_PORT, &[0, spec.port]);
        let mut octets = vec![0; layout.len()];
        layout.write_first(&header, &mut octets);
        let totals = Totals {
            first_ns: spec.first_s * 1_000_000_000,
            last_ns: spec.last_s * 1_000_000_000,
            packets: spec.packets,
            octets: spec.octets,
            tcp_flags: spec.flags.into(),
            end: EndReason::Running,
        };
        let mut batch = Batch::with_capacity(layout, 1);
        batch.push(totals, &octets);
        batches.push(batch);
    }
    batches
}

/// A field of the model, as a number that sorts as the value does; `None`: the flow has no such field.
fn number(spec: &Spec, field: &str) -> Option<u64> {
    Some(match field {
        "ipv4 source address" => (!spec.v6).then_some(spec.source)?.into(),
        "ipv4 protocol" | "protocolIdentifier" => spec.protocol.into(),
        "transport source-port" => spec.source_port.into(),
        "transport destination-port" => spec.port.into(),
        "transport tcp flags" => spec.flags.into(),
        "counter bytes" => spec.octets,
        "counter packets" => spec.packets,
        "timestamp sys-uptime first" => spec.first_s,
        "timestamp sys-uptime last" => spec.last_s,
        other => panic!("{other}"),
    })
}

type Holds = fn(&Spec) -> bool;

/// Conditions, and what they mean.
const CONDITIONS: &[(&str, &str, &str, Holds)] = &[
    ("ipv4 source address", "=", "10.0.0.0/30", |s| {
        !s.v6 && s.source < 4
    }),
    ("ipv4 source address", "~", "^10\\.0\\.0\\.[15]$", |s| {
        !s.v6 && matches!(s.source, 1 | 5)
    }),
    ("ipv6 source address", "=", "::/0", |s| s.v6),
    ("ipv4 protocol", "=", "tcp,icmp", |s| {
        !s.v6 && s.protocol != 17
    }),
    ("protocolIdentifier", "=", "udp", |s| s.protocol == 17),
    ("transport destination-port", "=", "1-2", |s| {
        (1..=2).contains(&s.port)
    }),
    ("transport source-port", "=", "0,3", |s| {
        matches!(s.source_port, 0 | 3)
    }),
    ("transport source-port", "~", "0|2", |s| {
        matches!(s.source_port, 0 | 2)
    }),
    ("transport tcp flags", "=", "0x2", |s| s.flags == 2),
    ("counter bytes", "=", "300-", |s| s.octets >= 300),
];

const SORTS: &[&str] = &[
    "counter bytes",
    "counter packets",
    "transport destination-port",
    "ipv4 source address",
    "transport tcp flags",
    "timestamp sys-uptime last",
];

const KEYS: &[&str] = &[
    "ipv4 source address",
    "ipv4 protocol",
    "transport destination-port",
];

fn query(conditions: &[usize]) -> CacheQuery {
    let condition = |at: &usize| {
        let (field, operator, value, _) = CONDITIONS[*at];
        Condition {
            field: field.into(),
            regexp: operator == "~",
            value: value.into(),
        }
    };
    CacheQuery {
        filter: conditions.iter().map(condition).collect(),
        ..CacheQuery::default()
    }
}

fn holds(spec: &Spec, conditions: &[usize]) -> bool {
    conditions.iter().all(|at| (CONDITIONS[*at].3)(spec))
}

/// Runs a plan as the probe does, on flows that are all there.
fn run(plan: &mut Plan, batches: &[Batch]) -> usize {
    let keep = plan.filter.keep();
    let mut names = InterfaceNames::default();
    let mut matched = 0;
    for batch in batches {
        for flow in batch.iter() {
            if !keep.as_ref().is_none_or(|keep| keep(&flow))
                || !plan.filter.matches(&flow, &mut names)
            {
                continue;
            }
            matched += 1;
            match &mut plan.rows {
                Rows::Listed(_) => {}
                Rows::Sorted(column, top) => top.offer(
                    column.value(&flow),
                    |last| order(&flow, &last.flow()),
                    || FlowCopy::new(&flow, &batch.layout),
                ),
                Rows::Grouped(groups, _) => groups.add(&flow).unwrap(),
            }
        }
    }
    matched
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn filter_and_sort_are_the_models(
        specs in prop::collection::vec(spec(), 0..60),
        conditions in prop::collection::vec(0..CONDITIONS.len(), 0..3),
        sort in 0..SORTS.len(),
        lowest in any::<bool>(),
        most in 1..20usize,
    ) {
        let sorted = CacheQuery {
            sort: Some(SORTS[sort].into()),
            lowest,
            top: Some(most),
            ..query(&conditions)
        };
        let mut plan = Plan::new(&sorted, &Record::netflow_original(), &layouts()).unwrap();
        let matched = run(&mut plan, &batches(&specs));
        let Rows::Sorted(_, top) = plan.rows else { panic!() };
        let rows: Vec<(Option<u64>, u64, u64)> = top
            .into_rows()
            .iter()
            .map(|kept| {
                let flow = kept.flow();
                let column = Column::find(SORTS[sort], &Record::netflow_original(), &layouts()).unwrap();
                let value = column.value(&flow).map(|value| match value {
                    Value::Number(number) if SORTS[sort].starts_with("timestamp") => number / 1000,
                    Value::Number(number) => number,
                    Value::Address(std::net::IpAddr::V4(address)) => address.octets()[3].into(),
                    other => panic!("{other:?}"),
                });
                (value, kept.totals.octets, kept.totals.packets)
            })
            .collect();

        let mut model: Vec<_> = specs
            .iter()
            .filter(|spec| holds(spec, &conditions))
            .map(|spec| (number(spec, SORTS[sort]), spec.octets, spec.packets))
            .collect();
        prop_assert_eq!(matched, model.len());
        model.sort_by_key(|(value, octets, packets)| {
            let value = value.map(|value| if lowest { i128::from(value) } else { -i128::from(value) });
            (value.is_none(), value, Reverse((*octets, *packets)))
        });
        model.truncate(most);
        prop_assert_eq!(rows, model);
    }

    #[test]
    fn aggregation_is_the_models(
        specs in prop::collection::vec(spec(), 0..80),
        conditions in prop::collection::vec(0..CONDITIONS.len(), 0..2),
        keys in prop::sample::subsequence(KEYS, 1..=KEYS.len()),
        sort in prop::sample::select(vec!["counter flows", "counter bytes", "counter packets", "timestamp sys-uptime last"]),
        lowest in any::<bool>(),
        most in 1..20usize,
    ) {
        let aggregate = CacheQuery {
            aggregate: keys.iter().map(|key| (*key).to_owned()).collect(),
            collect: vec!["transport source-port".into(), "transport tcp flags".into()],
            sort: Some(sort.into()),
            lowest,
            top: Some(most),
            ..query(&conditions)
        };
        let mut plan = Plan::new(&aggregate, &Record::netflow_original(), &layouts()).unwrap();
        run(&mut plan, &batches(&specs));
        let Rows::Grouped(groups, by) = plan.rows else { panic!() };
        let plain = |value: &Option<Value>| value.clone().map(|value| match value {
            Value::Number(number) => number,
            Value::Address(std::net::IpAddr::V4(address)) => address.octets()[3].into(),
            other => panic!("{other:?}"),
        });
        let rows: Vec<_> = by
            .first(&groups)
            .iter()
            .map(|group| {
                let totals = &group.sum.totals;
                let counters = [group.sum.flows, totals.octets, totals.packets, totals.first_ns, totals.last_ns];
                let of = |values: &[Option<Value>]| values.iter().map(plain).collect::<Vec<_>>();
                (of(group.values), counters, of(group.collected))
            })
            .collect();

        let mut model: BTreeMap<Vec<Option<u64>>, Vec<&Spec>> = BTreeMap::new();
        for spec in specs.iter().filter(|spec| holds(spec, &conditions)) {
            model.entry(keys.iter().map(|key| number(spec, key)).collect()).or_default().push(spec);
        }
        prop_assert_eq!(groups.len(), model.len());
        let mut model: Vec<_> = model
            .into_iter()
            .map(|(key, specs)| {
                let sum = |of: fn(&Spec) -> u64| specs.iter().map(|spec| of(spec)).sum::<u64>();
                let first = specs.iter().map(|spec| spec.first_s).min().unwrap();
                let last = specs.iter().map(|spec| spec.last_s).max().unwrap();
                let earliest = specs.iter().filter(|spec| spec.first_s == first);
                let port = earliest.map(|spec| u64::from(spec.source_port)).min();
                let flags = specs.iter().fold(0, |flags, spec| flags | spec.flags);
                let s = 1_000_000_000;
                let counters = [specs.len() as u64, sum(|s| s.octets), sum(|s| s.packets), first * s, last * s];
                (key, counters, vec![port, Some(flags.into())])
            })
            .collect();
        let at = match sort {
            "counter flows" => 0,
            "counter bytes" => 1,
            "counter packets" => 2,
            _ => 4,
        };
        // Stable: groups of the same value stay in the order of their keys.
        model.sort_by_key(|(_, counters, _)| if lowest { i128::from(counters[at]) } else { -i128::from(counters[at]) });
        model.truncate(most);
        prop_assert_eq!(rows, model);
    }
}

#[test]
fn wrong_queries_say_what_is_wrong() {
    let condition = |field: &str, value: &str, regexp| CacheQuery {
        filter: vec![Condition {
            field: field.into(),
            value: value.into(),
            regexp,
        }],
        ..CacheQuery::default()
    };
    let aggregate = |fields: &[&str], sort: Option<&str>| CacheQuery {
        aggregate: fields.iter().map(|field| (*field).to_owned()).collect(),
        sort: sort.map(str::to_owned),
        ..CacheQuery::default()
    };
    let sort = |field: &str| CacheQuery {
        sort: Some(field.into()),
        ..CacheQuery::default()
    };
    for (query, message) in [
        (sort("ipv4 colour"), "there is no field ipv4 colour"),
        (
            sort("ipv4 ttl"),
            "record netflow-original has no field ipv4 ttl",
        ),
        (sort("counter flows"), "needs aggregate"),
        (
            condition("ipv4 source address", "10.0.0", false),
            "not an IPv4 address",
        ),
        (
            condition("transport source-port", "x(", true),
            "not a regular expression",
        ),
        (
            condition("transport source-port", "((a{1000}){1000}){1000}", true),
            "not a regular expression",
        ),
        (
            condition("interface input", "none0", false),
            "there is no interface none0",
        ),
        (
            aggregate(&["counter bytes"], None),
            "counter bytes is a counter",
        ),
        (
            aggregate(&["ipv4 protocol"], Some("transport source-port")),
            "neither aggregated nor collected",
        ),
        (
            aggregate(&["ipv4 protocol"], Some("colour")),
            "there is no field colour",
        ),
        (
            CacheQuery {
                collect: vec!["ipv4 tos".into()],
                ..CacheQuery::default()
            },
            "collect needs aggregate",
        ),
        (
            CacheQuery {
                filter: vec![condition("counter bytes", "1", false).filter[0].clone(); 65],
                ..CacheQuery::default()
            },
            "too many",
        ),
    ] {
        let error = Plan::new(&query, &Record::netflow_original(), &layouts()).expect_err(message);
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn more_groups_than_the_bound_are_refused() {
    let port = Column::find(
        "transport destination-port",
        &Record::netflow_original(),
        &layouts(),
    )
    .unwrap();
    let mut groups = Groups::new(vec![port], Vec::new()).unwrap().bounded(2);
    let spec = |port| Spec {
        v6: false,
        source: 1,
        protocol: 6,
        source_port: 1,
        port,
        flags: 0,
        packets: 1,
        octets: 100,
        first_s: 1,
        last_s: 1,
    };
    let batches = batches(&[spec(1), spec(2), spec(1), spec(3)]);
    let added: Vec<bool> = batches
        .iter()
        .flat_map(Batch::iter)
        .map(|flow| groups.add(&flow).is_ok())
        .collect();
    assert_eq!(added, [true, true, true, false]);
}

#[test]
fn the_values_of_every_field_are_of_its_kind() {
    use commands::condition::ValueKind;
    use registry::Kind;
    let mut wrong = Vec::new();
    for field in registry::FIELDS {
        let fits = match (field.kind, ValueKind::of(field)) {
            (Kind::Ipv4, kind) => kind == ValueKind::Ipv4,
            (Kind::Ipv6, kind) => kind == ValueKind::Ipv6,
            (Kind::Mac, kind) => kind == ValueKind::Mac,
            (Kind::Interface, kind) => kind == ValueKind::Interface,
            (Kind::Direction, kind) => kind == ValueKind::Direction,
            (Kind::EndReason, kind) => kind == ValueKind::EndReason,
            (_, ValueKind::Number(most)) => {
                field.len >= 8 || most >> (8 * u32::from(field.len)) == 0 || most == u64::MAX
            }
            (_, ValueKind::Protocol) => {
                matches!(field.name(), "protocolIdentifier" | "nextHeaderIPv6")
            }
            (_, ValueKind::Dscp) => field.name().contains("DiffServCodePoint"),
            _ => false,
        };
        if !fits {
            wrong.push((field.words, field.kind, ValueKind::of(field)));
        }
    }
    assert_eq!(wrong, []);
}

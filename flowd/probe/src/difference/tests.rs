use language::{Dialect, Mode, Tree};

use super::*;

const BASE: &str = "set flow exporter E destination 192.0.2.1
set flow exporter F destination 192.0.2.2
set flow monitor M record netflow-original
set flow monitor M exporter E
set flow monitor N record netflow-original
set flow monitor N exporter F
set flow sampler S rate 10
set interfaces ethernet eth0 flow monitor M
";

fn settings(text: &str) -> Settings {
    let tree = language::load(&Tree::default(), &[], text, Some(Dialect::Set), Mode::Merge);
    Settings::from_tree(&tree.unwrap(), None).unwrap()
}

/// From [`BASE`] to what more lines make of it.
fn with(more: &str) -> Difference {
    difference(&settings(BASE), &settings(&format!("{BASE}{more}")))
}

#[test]
fn from_nothing_only_what_is_used_is_opened() {
    let all = difference(&Settings::default(), &settings(BASE));
    let links: Vec<_> = all.exporters.values().copied().collect();
    assert_eq!(links, [SocketChange::Open, SocketChange::None]);
    assert_eq!(all.interfaces["eth0"].ring, RingChange::Open);
    assert_eq!(all.interfaces["eth0"].caches["M"], CacheChange::Make);
    let none = difference(&settings(BASE), &Settings::default());
    assert_eq!(none.gone_exporters, ["E", "F"]);
    assert_eq!(none.interfaces["eth0"].ring, RingChange::Close);
    assert_eq!(none.interfaces["eth0"].caches["M"], CacheChange::Drop);
    assert_eq!(with(""), Difference::default());
}

#[test]
fn an_exporter_keeps_its_socket_as_long_as_it_leads_there() {
    for (more, link) in [
        ("set flow exporter E ttl 9", SocketChange::Keep),
        ("set flow exporter E transport udp 9", SocketChange::Reopen),
        ("set flow exporter F transport udp 9", SocketChange::None),
    ] {
        let difference = with(more);
        let links: Vec<_> = difference.exporters.values().copied().collect();
        assert_eq!(links, [link], "{more}");
        assert!(
            difference.interfaces.is_empty() && difference.monitors.is_empty(),
            "{more}"
        );
    }
}

#[test]
fn exporters_come_into_use_with_a_monitor() {
    let difference = with("set interfaces ethernet eth0 flow monitor N");
    assert_eq!(difference.exporters["F"], SocketChange::Open);
    assert!(!difference.exporters.contains_key("E"));
    let change = &difference.interfaces["eth0"];
    assert_eq!(
        (change.ring, change.caches["M"], change.caches["N"]),
        (RingChange::Keep, CacheChange::Keep, CacheChange::Make)
    );
    let difference = with("delete flow monitor M exporter E\nset flow monitor M exporter F");
    assert_eq!(
        (difference.exporters["E"], difference.exporters["F"]),
        (SocketChange::Close, SocketChange::Open)
    );
    assert_eq!(difference.interfaces["eth0"].caches["M"], CacheChange::Keep);
}

#[test]
fn a_cache_is_rebuilt_for_another_record_or_type_only() {
    for (more, cache) in [
        (
            "set flow monitor M record \"netflow ipv4 original-input\"",
            CacheChange::Rebuild(RebuildReason::Record),
        ),
        (
            "set flow monitor M cache type permanent",
            CacheChange::Rebuild(RebuildReason::Type),
        ),
        (
            "set flow monitor M cache timeout active 9",
            CacheChange::Keep,
        ),
        ("set flow monitor M cache entries 99", CacheChange::Keep),
        (
            "set interfaces ethernet eth0 flow monitor M sampler S",
            CacheChange::Keep,
        ),
    ] {
        let difference = with(more);
        assert_eq!(difference.interfaces["eth0"].caches["M"], cache, "{more}");
        assert_eq!(
            difference.interfaces["eth0"].ring,
            RingChange::Keep,
            "{more}"
        );
    }
    // Nobody meters by it.
    assert!(
        with("set flow monitor N cache type permanent")
            .interfaces
            .is_empty()
    );
}

#[test]
fn what_exporters_tell_of_samplers_follows_them() {
    let sampled = "set interfaces ethernet eth0 flow monitor M sampler S\n";
    assert!(with(sampled).monitors.contains("M"));
    let old = settings(&format!("{BASE}{sampled}"));
    let new = settings(&format!("{BASE}{sampled}set flow sampler S rate 20\n"));
    let difference = difference(&old, &new);
    assert!(difference.monitors.contains("M") && difference.interfaces.contains_key("eth0"));
}

#[test]
fn what_a_change_makes_wrong_is_found_as_from_nothing() {
    use service::named::Before;

    let sound = format!(
        "{BASE}set flow exporter E export-protocol ipfix\nset flow monitor M cache bidirectional\n"
    );
    let tree = |text: &str| {
        language::load(&Tree::default(), &[], text, Some(Dialect::Set), Mode::Merge).unwrap()
    };
    let (old, running) = (tree(&sound), settings(&sound));
    for (more, right) in [
        ("set flow exporter E ttl 9", true),
        ("set flow exporter E export-protocol netflow-v9", false),
        ("set flow monitor M exporter F", false),
        ("set flow monitor N cache bidirectional", false),
        ("set flow exporter F export-protocol ipfix", true),
        ("set flow exporter F export-protocol netflow-v5", true),
    ] {
        let text = format!("{sound}{more}\n");
        let new = language::load(&old, &[], more, Some(Dialect::Set), Mode::Merge).unwrap();
        let before = Before {
            tree: &old,
            settings: &running,
        };
        let found = Settings::from_tree(&new, Some(before));
        assert_eq!(found, Settings::from_tree(&tree(&text), None), "{more}");
        assert_eq!(found.is_ok(), right, "{more}");
    }
}

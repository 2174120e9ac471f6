use std::net::SocketAddr;

use service::{Occasion, Service};

use super::*;

fn tree(text: &str) -> Tree {
    let reading = language::read(&Tree::default(), &[], text, None, language::Mode::Override);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    reading.tree
}

fn settings(text: &str) -> Settings {
    Metrics::settings(&tree(text), None).expect("settings")
}

#[test]
fn it_is_off_until_something_is_configured() {
    assert_eq!(settings("set system host-name r1"), Settings::default());
    let any = settings("set service metrics port 9200");
    let ends: Vec<String> = any.endpoints.iter().map(SocketAddr::to_string).collect();
    assert_eq!(ends, ["0.0.0.0:9200", "[::]:9200"]);
}

#[test]
fn hosts_are_allowed_by_prefix() {
    let some = settings(
        "set service metrics listen-address 127.0.0.1
set service metrics allow 10.0.0.0/8
set service metrics allow 2001:db8::/32",
    );
    let allowed = |host: &str| some.allows(host.parse().expect("an address"));
    assert!(allowed("10.1.2.3") && allowed("2001:db8::1") && allowed("::ffff:10.9.9.9"));
    assert!(!allowed("192.0.2.1") && !allowed("2001:db9::1"));
}

#[test]
fn only_what_differs_is_opened_and_closed() {
    let old =
        settings("set service metrics listen-address 127.0.0.1\nset service metrics port 9200");
    let new =
        settings("set service metrics listen-address 127.0.0.2\nset service metrics port 9200");
    let difference = Metrics::difference(&old, &new).expect("a difference");
    let told = difference::impact(&difference);
    let told: Vec<&str> = told.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(
        told,
        [
            "metrics: 1 socket on 127.0.0.2:9200 opened",
            "metrics: 1 socket on 127.0.0.1:9200 closed"
        ]
    );
    assert_eq!(Metrics::difference(&old, &old), None);
}

#[test]
fn a_port_in_use_is_refused_at_a_commit_and_tried_again_after_a_start() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = held.local_addr().expect("bound").port();
    let wanted = settings(&format!(
        "set service metrics listen-address 127.0.0.1\nset service metrics port {port}"
    ));
    let metrics = Metrics::start().expect("a thread");
    let difference = || Metrics::difference(&Settings::default(), &wanted).expect("a difference");
    let refused = metrics
        .prepare(&wanted, difference(), Occasion::Commit)
        .err()
        .expect("refused");
    assert!(refused[0].message.contains("in use"), "{refused:?}");
    let staged = metrics
        .prepare(&wanted, difference(), Occasion::Restore)
        .expect("it waits");
    metrics.apply(staged);
    assert!(metrics.status().listeners[0].down.is_some());
    drop(held);
    let deadline = service::clock::monotonic() + Duration::from_secs(20);
    while metrics.status().listeners[0].down.is_some() {
        assert!(
            service::clock::monotonic() < deadline,
            "it listens when the port is free"
        );
        thread::sleep(Duration::from_millis(20));
    }
    metrics.stop();
}

#[test]
fn another_address_takes_over_the_port() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("bound").port();
    drop(free);
    let metrics = Metrics::start().expect("a thread");
    let mut before = Settings::default();
    for address in ["", "set service metrics listen-address 127.0.0.1\n"] {
        let now = settings(&format!("{address}set service metrics port {port}"));
        let difference = Metrics::difference(&before, &now).expect("a difference");
        let staged = metrics.prepare(&now, difference, Occasion::Commit);
        metrics.apply(staged.unwrap_or_else(|findings| panic!("{findings:?}")));
        let listeners = metrics.status().listeners;
        assert!(
            listeners.iter().all(|one| one.down.is_none()),
            "{listeners:?}"
        );
        assert_eq!(listeners.len(), now.endpoints.len());
        before = now;
    }
    metrics.stop();
}

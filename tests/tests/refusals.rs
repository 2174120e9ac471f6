//! Refusals: bad input of every kind gets one clear error with its place; nothing is applied, nothing crashes.

use flow_tests::flowd::Said;
use flow_tests::random::Random;
use flow_tests::{Flowd, Lab, skip};
use serde_json::Value as Json;

const TOOLS: &[&str] = &["ip", "ethtool"];

/// What runs while the refusals come in.
const BASE: &str = "\
set system host-name base
set flow exporter E destination 192.168.3.1
set flow exporter E transport udp 2055
set flow monitor M record netflow-original
set flow monitor M exporter E
set interfaces ethernet eth1 flow monitor M direction input
";

/// Lines typed in configuration mode: the line, and a word that the error must have.
const LINES: &[(&str, &str)] = &[
    ("set sytem host-name x", "sytem"),
    ("set system host-nam", "host-nam"),
    ("set system hostname-of-mine x", "hostname-of-mine"),
    ("set flow exporter X destnation 192.0.2.1", "destnation"),
    ("set flow exporter X destination", "destination"),
    ("set flow exporter X transport udp 0", "0"),
    ("set flow exporter X transport udp 65536", "65536"),
    ("set flow exporter X transport udp many", "many"),
    ("set flow exporter X transport sctp 2055", "sctp"),
    ("set flow exporter X dscp 64", "64"),
    ("set flow exporter X ttl 0", "0"),
    ("set flow exporter X ttl 256", "256"),
    (
        "set flow exporter X export-protocol netflow-v8",
        "netflow-v8",
    ),
    ("set flow exporter X template data timeout 0", "0"),
    ("set flow exporter X template data timeout 86401", "86401"),
    ("set flow exporter X template data timeout -1", "-1"),
    ("set flow record R match ipv4 colour", "colour"),
    ("set flow record R match counter bytes", "counter"),
    ("set flow record R collect application name", "application"),
    ("set flow record R match", "match"),
    ("set flow monitor X cache entries 15", "15"),
    ("set flow monitor X cache entries 99999999", "99999999"),
    ("set flow monitor X cache type eternal", "eternal"),
    ("set flow monitor X cache timeout active 0", "0"),
    ("set flow monitor X cache timeout inactive 604801", "604801"),
    (
        "set flow monitor X cache timeout event connection-end",
        "connection-end",
    ),
    ("set flow sampler S mode sometimes", "sometimes"),
    ("set flow sampler S rate 0", "0"),
    ("set flow sampler S rate 1.5", "1.5"),
    ("set system config-management commit-revisions 0", "0"),
    (
        "set system config-management commit-revisions 65536",
        "65536",
    ),
    ("set system flow-accounting netflow version 8", "8"),
    (
        "set system flow-accounting netflow server 300.1.2.3",
        "300.1.2.3",
    ),
    (
        "set system flow-accounting netflow server 192.0.2.1 port 70000",
        "70000",
    ),
    (
        "set system flow-accounting netflow sampling-rate lots",
        "lots",
    ),
    (
        "set system flow-accounting netflow timeout tcp-fin 2147483648",
        "2147483648",
    ),
    (
        "set system flow-accounting syslog-facility nonsense",
        "nonsense",
    ),
    ("set interfaces ethernet eth1 address 10.0.0.1", "10.0.0.1"),
    (
        "set interfaces ethernet eth1 address 10.0.0.1/33",
        "10.0.0.1/33",
    ),
    ("set interfaces ethernet eth1 mtu 12", "12"),
    (
        "set interfaces ethernet eth1 flow monitor M direction sideways",
        "sideways",
    ),
    (
        "set interfaces ethernet a-name-that-is-too-long flow monitor M direction input",
        "a-name-that-is-too-long",
    ),
    ("frobnicate the flows", "frobnicate"),
    ("edit nowhere", "nowhere"),
    ("rollback 4711", "4711"),
    (
        "load /nonexistent/configuration",
        "/nonexistent/configuration",
    ),
    ("set system host-name \"unclosed", "unclosed"),
    ("commit-confirm 0", "0"),
    ("commit-confirm soon", "soon"),
];

/// Operational lines.
const SHOWS: &[(&str, &str)] = &[
    ("show flow monitor NOBODY cache", "NOBODY"),
    ("show flow exporter NOBODY statistics", "NOBODY"),
    ("show nothing-of-the-kind", "nothing-of-the-kind"),
    ("show flow-accounting interface eth1 port 99999", "99999"),
    ("show flow-accounting interface eth1 top none", "none"),
    (
        "show flow-accounting interface eth1 host somebody",
        "somebody",
    ),
    ("clear flow monitor NOBODY cache", "NOBODY"),
    ("show version | match [", "["),
    ("show version | frobnicate", "frobnicate"),
];

/// Trees that are wrong as a whole: lines that are each right, and what the refused commit must name.
const COMMITS: &[(&[&str], &str)] = &[
    (
        &["set flow exporter X transport udp 2055"],
        "flow exporter X",
    ),
    (&["set flow monitor X exporter E"], "flow monitor X"),
    (&["set flow monitor X record NOBODY"], "NOBODY"),
    (&["set flow monitor M exporter NOBODY"], "NOBODY"),
    (
        &["set interfaces ethernet eth1 flow monitor NOBODY direction input"],
        "NOBODY",
    ),
    (
        &["set interfaces ethernet eth1 flow monitor M sampler NOBODY"],
        "NOBODY",
    ),
    (&["delete flow exporter E"], "exporter E"),
    (&["delete flow monitor M"], "monitor M"),
    (
        &[
            "set flow sampler S mode random",
            "set interfaces ethernet eth1 flow monitor M sampler S",
        ],
        "S",
    ),
    (
        &["set system flow-accounting netflow server 192.0.2.1"],
        "interface",
    ),
    (
        &[
            "set system flow-accounting interface eth1",
            "set system flow-accounting disable-imt",
        ],
        "disable-imt",
    ),
    (
        &[
            "set system flow-accounting interface eth1",
            "set system flow-accounting netflow version 9",
        ],
        "server",
    ),
    (
        &[
            "set system flow-accounting interface eth1",
            "set system flow-accounting netflow server 192.168.3.1",
            "set system flow-accounting netflow source-address 198.51.100.7",
        ],
        "198.51.100.7",
    ),
    (&["set flow exporter E source 198.51.100.7"], "198.51.100.7"),
    (&["set flow exporter E source nosuchif0"], "nosuchif0"),
    (
        &[
            "set flow record EMPTY description nothing",
            "set flow monitor M record EMPTY",
        ],
        "EMPTY",
    ),
];

/// Files: what is in them, and the line of the error.
fn files() -> Vec<(&'static str, Vec<u8>, Option<u32>)> {
    let mut random = Random::new(99);
    let noise: Vec<u8> = (0..100_000).map(|_| random.number() as u8).collect();
    let long_line = [
        b"set system host-name ".to_vec(),
        vec![b'x'; 10 << 20],
        b"\n".to_vec(),
    ]
    .concat();
    let deep = "a {".repeat(100_000).into_bytes();
    let many: Vec<u8> = (0..20_000)
        .flat_map(|number| format!("set wrong leaf {number}\n").into_bytes())
        .collect();
    vec![
        (
            "a closing brace is missing",
            b"system {\n    host-name x\n".to_vec(),
            None,
        ),
        (
            "a closing brace too many",
            b"system {\n    host-name x\n}\n}\n".to_vec(),
            Some(4),
        ),
        (
            "braces around nothing known",
            b"system {\n    colour blue\n}\n".to_vec(),
            Some(2),
        ),
        (
            "the second set line is wrong",
            b"set system host-name x\nset system colour blue\n".to_vec(),
            Some(2),
        ),
        (
            "the third IOS line is wrong",
            b"flow exporter X\n destination 192.0.2.1\n transport udp 70000\n".to_vec(),
            Some(3),
        ),
        (
            "an IOS statement outside its mode",
            b"! comment\n transport udp 2055\n".to_vec(),
            Some(2),
        ),
        (
            "JSON that ends early",
            b"{\"system\": {\"host-name\": ".to_vec(),
            Some(1),
        ),
        (
            "JSON with an unknown leaf",
            b"{\"system\":\n {\"colour\": \"blue\"}}".to_vec(),
            Some(2),
        ),
        ("JSON that is a list", b"[1, 2, 3]".to_vec(), Some(1)),
        ("binary noise", noise, None),
        (
            "octets that are not UTF-8",
            b"set system host-name \xff\xfe\n".to_vec(),
            Some(1),
        ),
        (
            "a NUL in a name",
            b"set system host-name a\0b\n".to_vec(),
            Some(1),
        ),
        ("a line of 10 MB", long_line, Some(1)),
        ("braces 100,000 deep", deep, None),
        ("20,000 wrong lines", many, Some(1)),
        (
            "a quotation that does not end",
            b"set system host-name x\nset flow monitor M description \"never ends\n".to_vec(),
            Some(2),
        ),
        (
            "an unknown word in an IOS interface",
            b"interface GigabitEthernet0/1\n ip flow monitor M sideways\n".to_vec(),
            Some(2),
        ),
        (
            "two values for one leaf",
            b"system {\n    host-name a b\n}\n".to_vec(),
            Some(2),
        ),
    ]
}

/// What must still be as it was.
#[derive(Debug, PartialEq)]
struct State {
    running: Json,
    revisions: Json,
}

fn state(flowd: &Flowd) -> State {
    State {
        running: flowd.get("/v1/configuration?source=running&format=json"),
        revisions: flowd.get("/v1/revisions"),
    }
}

/// The rules of one refusal; what is wrong with it, if anything.
fn faults(what: &str, said: &Said, must_name: &str, place: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let short: String = said.err.chars().take(600).collect();
    if std::env::var_os("FLOW_TESTS_SHOW").is_some() {
        println!("--- {what}\n{short}");
    }
    let mut fault =
        |text: &str| faults.push(format!("{what}: {text}: exit {}: {short}", said.code));
    if said.code != 1 {
        fault("must exit with 1");
    }
    if said.err.trim().is_empty() {
        fault("no error is printed");
    }
    if said.err.contains("panicked") || said.err.contains("RUST_BACKTRACE") {
        fault("panics");
    }
    if !said.err.contains(must_name) {
        fault(&format!("does not name {must_name:?}"));
    }
    if place && !said.err.contains('^') && !flow_place(&said.err) {
        fault("has no place");
    }
    if said
        .err
        .chars()
        .any(|letter| letter.is_control() && letter != '\n')
    {
        fault("sends control characters to the terminal");
    }
    if said.err.len() > 20_000 {
        fault("is endless");
    }
    faults
}

/// `LINE:COLUMN` somewhere.
fn flow_place(text: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_digit() && letter != ':').any(|word| {
        let mut numbers = word.trim_matches(':').split(':');
        matches!((numbers.next(), numbers.next()), (Some(line), Some(column)) if line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok())
    })
}

fn has_line(text: &str, line: u32) -> bool {
    text.contains(&format!(":{line}:"))
        || text.contains(&format!("line {line}"))
        || text.contains(&format!("{line}:"))
}

#[test]
fn bad_input_is_refused_in_one_clear_error() {
    assert!(LINES.len() + SHOWS.len() + COMMITS.len() + files().len() >= 60);
    if !skip::able("refusals", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let mut flowd = Flowd::start(&lab.router);
    flowd.configure(BASE);
    let before = state(&flowd);
    let mut wrong = Vec::new();
    let mut check = |flowd: &mut Flowd, what: &str, found: Vec<String>| {
        wrong.extend(found);
        assert!(
            flowd.running(),
            "{what}: flowd is gone:\n{}",
            flowd.process().output()
        );
        let now = state(flowd);
        if now != before {
            wrong.push(format!("{what}: something was applied: {now:?}"));
        }
    };
    for (line, name) in LINES {
        let said = flowd.sh(&["configure", line]);
        let mut found = faults(line, &said, name, !line.starts_with("rollback"));
        // The line, the caret, the message.
        if said.err.trim_end().lines().count() > 3 {
            found.push(format!("{line}: more than one error: {}", said.err));
        }
        check(&mut flowd, line, found);
    }
    for (line, name) in SHOWS {
        let said = flowd.sh(&[line]);
        check(&mut flowd, line, faults(line, &said, name, false));
    }
    for (lines, name) in COMMITS {
        let all: Vec<&str> = ["configure"]
            .iter()
            .chain(lines.iter())
            .chain(&["commit"])
            .copied()
            .collect();
        let said = flowd.sh(&all);
        let what = lines.join("; ");
        let mut found = faults(&what, &said, name, false);
        // The lines themselves are right: it is the commit that is refused.
        let check_only: Vec<&str> = ["configure"]
            .iter()
            .chain(lines.iter())
            .chain(&["discard", "exit"])
            .copied()
            .collect();
        let lines_only = flowd.sh(&check_only);
        if lines_only.code != 0 {
            found.push(format!(
                "{what}: refused before the commit: {}",
                lines_only.err
            ));
        }
        check(&mut flowd, &what, found);
    }
    for (what, content, line) in files() {
        let file = flowd.file("bad", &content);
        let said = flowd.sh(&["configure", &format!("load {file}"), "commit"]);
        let mut found = faults(what, &said, "", true);
        if let Some(line) = line
            && !has_line(&said.err, line)
        {
            found.push(format!(
                "{what}: does not say line {line}: {}",
                said.err.chars().take(300).collect::<String>()
            ));
        }
        check(&mut flowd, what, found);
    }
    let log = flowd.process().output();
    assert!(!log.contains("panicked"), "{log}");
    assert!(
        wrong.is_empty(),
        "{} of the refusals are not as they must be:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What no shell sends: the API itself under bad requests.
#[test]
fn the_management_api_refuses_bad_requests() {
    if !skip::able("refusals: management API", TOOLS) {
        return;
    }
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    let lab = Lab::new();
    let mut flowd = Flowd::start(&lab.router);
    flowd.configure(BASE);
    let before = state(&flowd);
    let big = format!(
        "POST /v1/sessions HTTP/1.1\r\nHost: f\r\nContent-Length: 999999999999\r\n\r\n{}",
        "x".repeat(1 << 20)
    );
    let requests: &[&str] = &[
        "GET /v1/nothing HTTP/1.1\r\nHost: f\r\nConnection: close\r\n\r\n",
        "POST /v1/version HTTP/1.1\r\nHost: f\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "POST /v1/sessions HTTP/1.1\r\nHost: f\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{\"via",
        "POST /v1/sessions/4711/commit HTTP/1.1\r\nHost: f\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        "GET /v1/flow/monitors/%ff%fe/cache HTTP/1.1\r\nHost: f\r\nConnection: close\r\n\r\n",
        "GET /v1/configuration?source=99999 HTTP/1.1\r\nHost: f\r\nConnection: close\r\n\r\n",
        "GET /v1/flow-accounting?top=-3 HTTP/1.1\r\nHost: f\r\nConnection: close\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        &big,
    ];
    for request in requests {
        let mut stream = UnixStream::connect(flowd.socket()).unwrap();
        stream
            .set_read_timeout(Some(std::time::Duration::from_secs(2)))
            .unwrap();
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        let start: String = request.chars().take(60).collect();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{start}: {answer}"
        );
        assert!(flowd.running(), "{start}");
    }
    assert_eq!(state(&flowd), before);
    assert!(
        !flowd.process().output().contains("panicked"),
        "{}",
        flowd.process().output()
    );
}

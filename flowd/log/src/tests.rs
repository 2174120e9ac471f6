use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use super::*;

fn log() -> Log {
    Log::new(Level::INFO, false)
}

fn say(log: &Log, level: Level, message: &str) {
    log.line(Line {
        number: 0,
        time_ms: 0,
        level,
        id: "TEST".into(),
        target: "flowd::test".into(),
        message: message.into(),
    });
}

fn remote(port: u16, tcp: bool, facilities: &[(&str, Level)]) -> Settings {
    let facilities = facilities
        .iter()
        .map(|(word, level)| ((*word).to_owned(), *level))
        .collect();
    Settings {
        remotes: vec![Remote {
            host: "127.0.0.1".into(),
            port,
            tcp,
            facilities,
        }],
        ..Settings::default()
    }
}

#[test]
fn the_crates_whose_messages_are_logged_are_those_that_can_log() {
    let folders = [
        concat!(env!("CARGO_MANIFEST_DIR"), "/.."),
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../grammar"),
    ];
    let entries = folders.map(|folder| std::fs::read_dir(folder).unwrap());
    let mut able = Vec::new();
    for entry in entries.into_iter().flatten() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).unwrap_or_default();
        let name = |line: &str| {
            Some(
                line.strip_prefix("name = \"")?
                    .split('"')
                    .next()?
                    .replace('-', "_"),
            )
        };
        if manifest.lines().any(|line| line.starts_with("tracing.")) {
            able.push(manifest.lines().find_map(name).unwrap());
        }
    }
    able.sort();
    assert_eq!(able, CRATES);
}

#[test]
fn the_ring_keeps_the_last_lines_in_order() {
    let log = log();
    for n in 0..ring::LINES + 5 {
        say(&log, Level::INFO, &n.to_string());
    }
    say(&log, Level::DEBUG, "too fine");
    let last = log.last(2).lines;
    assert_eq!(
        last.iter()
            .map(|line| line.message.as_str())
            .collect::<Vec<_>>(),
        ["10003", "10004"]
    );
    assert_eq!(log.last(usize::MAX).lines.len(), ring::LINES);
}

#[test]
fn a_remote_host_gets_lines_of_its_level_by_udp() {
    let host = UdpSocket::bind("127.0.0.1:0").unwrap();
    host.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let log = log();
    log.configure(&remote(
        host.local_addr().unwrap().port(),
        false,
        &[("daemon", Level(4))],
    ));
    say(&log, Level::INFO, "not this one");
    say(&log, Level(3), "disk on fire");
    let mut datagram = [0; 500];
    let read = host.recv(&mut datagram).unwrap();
    let text = std::str::from_utf8(&datagram[..read]).unwrap();
    // Facility daemon (3) × 8 + severity err (3).
    assert!(
        text.starts_with("<27>1 ") && text.ends_with("flowd::test: disk on fire"),
        "{text}"
    );
    let header: Vec<&str> = text.split(' ').collect();
    assert_eq!((header[3], header[5], header[6]), ("flowd", "TEST", "-"));
    log.finish();
}

#[test]
fn lines_survive_the_process_and_the_next_one_tells_how_it_ended() {
    let dir = tempfile::tempdir().unwrap();
    let run = |last: Option<&'static str>| {
        let log = log();
        say(&log, Level::INFO, "before the file");
        log.keep_in(dir.path()).unwrap();
        say(&log, Level::INFO, "one");
        say(&log, Level::DEBUG, "too fine");
        if let Some(id) = last {
            log.line(Line {
                number: 0,
                time_ms: 0,
                level: Level::INFO,
                id: id.into(),
                target: "daemon".into(),
                message: "stopped".into(),
            });
        }
        // The lines that wait are written; there is no line about the end.
        log.finish();
        let lines = log.last(100).lines;
        lines
            .iter()
            .map(|line| (line.number, line.message.clone()))
            .collect::<Vec<_>>()
    };
    let line = |number: u64, text: &str| (number, text.to_owned());
    let first = [line(1, "before the file"), line(2, "one")];
    assert_eq!(run(None), first);
    let (_, lines) = Store::open(dir.path()).unwrap();
    assert_eq!(lines.last().map(|line| line.id.as_ref()), Some("TEST"));
    let second = run(Some(STOPPED));
    assert_eq!(second[..2], first);
    assert_eq!(
        second[2..],
        [
            line(3, "before the file"),
            line(4, "one"),
            line(5, "stopped")
        ]
    );
    let (_, lines) = Store::open(dir.path()).unwrap();
    assert_eq!(lines.last().map(|line| line.id.as_ref()), Some(STOPPED));
}

#[test]
fn a_remote_host_gets_one_line_each_by_tcp() {
    let host = TcpListener::bind("127.0.0.1:0").unwrap();
    let log = log();
    log.configure(&remote(host.local_addr().unwrap().port(), true, &[]));
    say(&log, Level::INFO, "one");
    say(&log, Level::INFO, "two");
    let (stream, _) = host.accept().unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let lines: Vec<String> = BufReader::new(stream)
        .lines()
        .take(2)
        .map(Result::unwrap)
        .collect();
    assert!(
        lines[0].ends_with("one") && lines[1].ends_with("two"),
        "{lines:?}"
    );
    log.finish();
}

#[test]
fn a_facility_flowd_does_not_log_as_is_said_to_be_idle() {
    let settings = remote(514, false, &[("kern", Level::INFO)]);
    assert_eq!(settings.level_for(&settings.remotes[0]), None);
    assert_eq!(settings.warnings().len(), 1);
    let all = remote(514, false, &[("all", Level(4)), ("kern", Level::INFO)]);
    assert_eq!(all.level_for(&all.remotes[0]), Some(Level(4)));
}

#[test]
fn control_characters_do_not_reach_a_terminal() {
    let words = Words {
        message: "a\x1b[2Jb\nc".into(),
        ..Words::default()
    };
    assert_eq!(words.finish(), "a [2Jb c");
}

#[test]
fn a_full_queue_loses_lines_and_never_waits() {
    let (queue, _lines) = crossbeam_channel::bounded(1);
    let (_end, ended) = crossbeam_channel::bounded(1);
    let output = Output::for_test(queue, ended);
    let line = Arc::new(Line {
        number: 0,
        time_ms: 0,
        level: Level::INFO,
        id: "TEST".into(),
        target: String::new(),
        message: String::new(),
    });
    (0..5).for_each(|_| output.offer(&line));
    assert_eq!(output.lost(), 4);
}

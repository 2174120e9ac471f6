//! The shell against a daemon made of the grammar and a socket: sessions, edits, commits, no probe.

mod edit;
mod files;
mod operational;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

use language::{Dialect, Tree};
use parking_lot::Mutex;
use serde_json::{Value as Json, json};

use super::*;
use crate::filled::filled_json;

/// What the daemon keeps.
#[derive(Default)]
struct Daemon {
    running: Tree,
    sessions: HashMap<String, Tree>,
    opened: usize,
    /// Bodies of the edits that came in.
    edits: Vec<Json>,
}

impl Daemon {
    fn answer(&mut self, method: &str, target: &str, body: Json) -> (u16, Json) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let asked: HashMap<&str, &str> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let words: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let refused = |status, message: &str| {
            (
                status,
                json!({"errors": [{"message": message, "code": "not-found"}]}),
            )
        };
        match (method, &words[..]) {
            ("GET", ["version"]) => {
                let version = json!({"host_name": "r1.example.org"});
                (200, filled_json::<api::host::Version>(&version))
            }
            ("POST", ["sessions"]) => {
                self.opened += 1;
                let id = format!("s{}", self.opened);
                self.sessions.insert(id.clone(), self.running.clone());
                (200, json!({"session": id}))
            }
            ("GET", ["sessions"]) => {
                let list: Vec<Json> = self
                    .sessions
                    .keys()
                    .map(|id| json!({"session": id}))
                    .collect();
                let sessions = json!({"sessions": list});
                (200, filled_json::<api::session::Sessions>(&sessions))
            }
            ("DELETE", ["sessions", id]) => {
                self.sessions.remove(*id);
                (200, json!({}))
            }
            ("POST", ["sessions", id, what]) => {
                let Some(candidate) = self.sessions.get_mut(*id) else {
                    return refused(404, "no such session");
                };
                match *what {
                    "edit" => {
                        self.edits.push(body.clone());
                        let edit: Edit = serde_json::from_value(body).unwrap();
                        let dialect = edit.dialect.map(|dialect| match dialect {
                            api::session::Dialect::Curly => Dialect::Curly,
                            api::session::Dialect::Set => Dialect::Set,
                            api::session::Dialect::Ios => Dialect::Ios,
                            api::session::Dialect::Json => Dialect::Json,
                        });
                        let mode = match edit.mode {
                            Some(EditMode::Override) => language::Mode::Override,
                            Some(EditMode::Replace) => language::Mode::Replace,
                            _ => language::Mode::Merge,
                        };
                        let read = match edit.parts {
                            None => {
                                language::read(candidate, &edit.path, &edit.text, dialect, mode)
                            }
                            Some(_) => language::read_parts(
                                candidate,
                                &edit.text,
                                dialect,
                                mode,
                                language::Select::Flow,
                            ),
                        };
                        if !edit.partial && !read.problems.is_empty() {
                            return (400, json!({"errors": read.problems}));
                        }
                        let changes = language::diff(candidate, &read.tree).len();
                        *candidate = read.tree;
                        let left_out: Vec<Json> = read
                            .left_out
                            .iter()
                            .map(|part| json!({"line": part.line, "lines": part.lines, "section": part.section}))
                            .collect();
                        (
                            200,
                            json!({"changes": changes, "notes": read.notes, "refused": read.problems, "left_out": left_out}),
                        )
                    }
                    "commit" => {
                        self.running = candidate.clone();
                        let committed = json!({"revision": 1, "warnings": ["eth9 is not there"], "confirm_seconds": body["confirm_minutes"].as_u64().map(|m| m * 60)});
                        (200, filled_json::<api::session::Committed>(&committed))
                    }
                    _ => refused(404, "no such thing"),
                }
            }
            ("GET", ["configuration"]) => {
                let tree = match asked.get("source") {
                    Some(&"candidate") => &self.sessions[asked["session"]],
                    _ => &self.running,
                };
                match asked.get("format") {
                    Some(&"json") => {
                        let tree: Json =
                            serde_json::from_str(&language::render(tree, Dialect::Json)).unwrap();
                        (200, json!({"tree": tree}))
                    }
                    _ => (200, json!({"text": language::render(tree, Dialect::Curly)})),
                }
            }
            ("GET", ["compare"]) => {
                let Some(candidate) = self.sessions.get(asked["session"]) else {
                    return refused(404, "no such session");
                };
                let text = match asked.get("format") {
                    Some(&"marks") => {
                        let path: Vec<String> = query
                            .split('&')
                            .filter_map(|pair| pair.strip_prefix("path="))
                            .map(unescaped)
                            .collect();
                        language::marks(&self.running, candidate, &path).unwrap_or_default()
                    }
                    _ => language::compare_commands(&self.running, candidate),
                };
                (200, json!({ "text": text }))
            }
            ("GET", ["complete"]) => {
                let empty = Tree::default();
                let text = |name: &str| unescaped(asked.get(name).copied().unwrap_or_default());
                let session = text("session");
                let context = commands::complete::Context {
                    mode: match text("mode").as_str() {
                        "operational" => Mode::Operational,
                        _ => Mode::Configuration(Submode::Global),
                    },
                    level: &[],
                    opener: "",
                    tree: self.sessions.get(&session).unwrap_or(&empty),
                    names: &Host,
                };
                let cursor = text("cursor").parse().unwrap();
                let found = commands::complete::complete(&text("line"), cursor, &context);
                let mut answer = serde_json::to_value(found).unwrap();
                answer["files"] = text("line").contains("load").into();
                (200, answer)
            }
            // Five flows, two in an answer.
            ("GET", ["flow", "monitors", "LONG", "cache"]) => {
                let from: usize = asked.get("after").map_or(0, |after| after.parse().unwrap());
                let flows: Vec<Json> = (from..5.min(from + 2))
                    .map(|n| json!({"sourceTransportPort": n, "protocolIdentifier": 6}))
                    .collect();
                let next = (from + 2 < 5).then(|| (from + 2).to_string());
                let part = json!({"monitor": "LONG", "cache": {}, "total": 5, "shown": flows.len(), "flows": flows, "next": next,
                        "fields": [{"name": "sourceTransportPort", "column": "PORT", "label": "PORT", "width": 6, "kind": "number", "key": true}]});
                (200, filled_json::<api::flow::CacheFlows>(&part))
            }
            ("GET", ["flow", "monitors", name, "cache"]) => {
                let (status, mut refusal) =
                    refused(404, &format!("there is no flow monitor {name}"));
                refusal["errors"][0]["subject"] = json!([name]);
                (status, refusal)
            }
            ("GET", ["interfaces"]) => {
                let interfaces =
                    json!({"interfaces": [{"name": "eth1", "addresses": ["192.0.2.1/24"]}]});
                (200, filled_json::<api::host::Interfaces>(&interfaces))
            }
            _ => refused(404, "no such thing"),
        }
    }
}

struct Host;

impl commands::complete::Names for Host {
    fn names(&self, kind: commands::complete::NameKind, _: &str) -> Vec<(String, String)> {
        match kind {
            commands::complete::NameKind::Interface => vec![("eth1".into(), String::new())],
            _ => Vec::new(),
        }
    }
}

/// The text that a query has in percent-encoding.
fn unescaped(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut parts = text.split('%');
    let mut octets = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        octets.push(u8::from_str_radix(&part[..2], 16).unwrap());
        octets.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(octets).unwrap()
}

fn serve(stream: UnixStream, daemon: &Mutex<Daemon>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut first = String::new();
        reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let body = serde_json::from_slice(&body).unwrap_or(Json::Null);
        let (status, answer) = daemon.lock().answer(method, target, body);
        let answer = answer.to_string();
        write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        )
        .ok()?;
    }
}

struct Bench {
    shell: Shell,
    daemon: Arc<Mutex<Daemon>>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let daemon = Arc::new(Mutex::new(Daemon::default()));
        let shared = daemon.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let daemon = shared.clone();
                std::thread::spawn(move || serve(stream, &daemon));
            }
        });
        let client = Client::new(socket, false).unwrap();
        let shell = Shell::new(client, "test", Some(dir.path().to_owned())).unwrap();
        Bench {
            shell,
            daemon,
            _dir: dir,
        }
    }

    fn ok(&mut self, line: &str) -> String {
        match self.shell.run(line) {
            Ok(outcome) => outcome.answer.text,
            Err(failure) => panic!("{line}: {}", failure.shown()),
        }
    }

    fn fails(&mut self, line: &str) -> String {
        match self.shell.run(line) {
            Ok(outcome) => panic!("{line}: {outcome:?}"),
            Err(failure) => failure.shown(),
        }
    }

    fn prompt(&self) -> String {
        let (above, prompt) = self.shell.prompt();
        above.map(|above| above + "|").unwrap_or_default() + &prompt
    }

    fn candidate(&mut self) -> String {
        language::compare_commands(
            &Tree::default(),
            &self.shell.tree(false).unwrap_or_default(),
        )
    }
}

#[test]
fn prompts_follow_modes_levels_and_submodes() {
    let mut bench = Bench::new();
    assert_eq!(bench.prompt(), "r1> ");
    bench.ok("configure");
    assert_eq!(bench.prompt(), "[edit]|r1# ");
    bench.ok("edit system flow-acc netflow");
    assert_eq!(bench.prompt(), "[edit system flow-accounting netflow]|r1# ");
    bench.ok("up");
    assert_eq!(bench.prompt(), "[edit system flow-accounting]|r1# ");
    bench.ok("top");
    bench.ok("edit flow exporter E");
    bench.ok("up");
    assert_eq!(bench.prompt(), "[edit flow]|r1# ");
    bench.ok("exit");
    assert_eq!(bench.prompt(), "[edit]|r1# ");
    bench.ok("exit");
    bench.ok("conf t");
    assert_eq!(bench.prompt(), "r1(config)# ");
    bench.ok("flow record R");
    assert_eq!(bench.prompt(), "r1(config-flow-record)# ");
    bench.ok("interface GigabitEthernet0/1");
    assert_eq!(bench.prompt(), "r1(config-if)# ");
    bench.ok("exit");
    assert_eq!(bench.prompt(), "r1(config)# ");
}

#[test]
fn a_commit_says_what_it_warns_of() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set system host-name a");
    assert_eq!(
        bench.ok("commit-confirm 1"),
        "Warning: eth9 is not there\nCommit complete\nIt is rolled back in 1 minute unless you type `confirm`\n"
    );
    bench.ok("set system host-name b");
    assert_eq!(bench.ok("show"), " system {\n>    host-name b\n }\n");
    assert_eq!(bench.ok("show system host-name"), ">host-name b\n");
    assert!(bench.shell.close());
}

#[test]
fn a_session_that_is_gone_is_opened_again_and_said() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set system host-name a");
    bench.daemon.lock().sessions.clear();
    let shown = bench.fails("set system host-name b");
    assert!(shown.contains("Uncommitted changes are gone"), "{shown}");
    bench.ok("set system host-name b");
    assert_eq!(bench.candidate(), "set system host-name b\n");
    bench.daemon.lock().sessions.clear();
    assert!(
        bench
            .fails("compare")
            .contains("Uncommitted changes are gone")
    );
    assert_eq!(
        bench.ok("compare"),
        "No changes between working and active configurations.\n"
    );
    bench.daemon.lock().sessions.clear();
    bench.ok("exit");
    assert_eq!(bench.prompt(), "r1> ");
}

#[test]
fn the_daemon_may_be_gone() {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new(dir.path().join("none"), false).unwrap();
    assert!(matches!(
        Shell::new(client, "test", None),
        Err(Failure::NoDaemon(_))
    ));
}

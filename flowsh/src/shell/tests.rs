//! The shell against a daemon made of the grammar and a socket: sessions, edits, commits, no probe.

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
                        match language::load(candidate, &edit.path, &edit.text, dialect, mode) {
                            Ok(after) => {
                                let changes = language::diff(candidate, &after).len();
                                *candidate = after;
                                (200, json!({"changes": changes}))
                            }
                            Err(problems) => (400, json!({"errors": problems})),
                        }
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
fn errors_of_set_and_ios_lines_point_into_the_typed_line() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("edit flow");
    let shown = bench.fails("  set exporter E dscp 99");
    assert!(
        shown.starts_with("    set exporter E dscp 99\n                        ^^\n"),
        "{shown}"
    );
    let shown = bench.fails("del exporter X");
    assert!(shown.starts_with("  del exporter X\n  "), "{shown}");
    assert!(
        shown
            .lines()
            .nth(1)
            .is_some_and(|caret| caret.find('^') >= Some("  del ".len())),
        "{shown}"
    );
    bench.ok("flow exporter E");
    let shown = bench.fails("  dscp 99");
    assert!(shown.starts_with("    dscp 99\n         ^^\n"), "{shown}");
    let shown = bench.fails("dscpp 9");
    assert!(shown.ends_with("did you mean dscp?"), "{shown}");
    let shown = bench.fails("comit");
    assert!(shown.ends_with("did you mean commit?"), "{shown}");
}

#[test]
fn ios_lines_stay_in_their_submode_until_another_opens() {
    let mut bench = Bench::new();
    bench.ok("configure terminal");
    for line in [
        "flow exporter E",
        " destination 192.0.2.1",
        "! comment",
        " transport udp 2055",
        "flow record R",
        " match ipv4 tos",
        "end",
    ] {
        if line != "end" {
            bench.ok(line);
        }
    }
    assert_eq!(
        bench.candidate(),
        "set flow record R match ipv4 tos\nset flow exporter E destination 192.0.2.1\nset flow exporter E transport udp 2055\n"
    );
    let shown = bench.fails("end");
    assert!(shown.contains("'exit discard' to give them up"), "{shown}");
    bench.ok("exit discard");
    assert_eq!(bench.prompt(), "r1> ");
    assert!(bench.daemon.lock().sessions.is_empty());
}

#[test]
fn a_pasted_block_is_one_edit_at_the_level() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("edit system");
    for line in [
        "flow-accounting {",
        "    interface eth1",
        "    netflow {",
        "        server 192.0.2.1 {",
        "            port 2055",
        "        }",
        "    }",
    ] {
        bench.ok(line);
        assert!(!bench.shell.wants_command());
    }
    bench.ok("}");
    assert!(bench.shell.wants_command());
    assert_eq!(bench.daemon.lock().edits.len(), 1);
    assert!(
        bench
            .candidate()
            .contains("set system flow-accounting netflow server 192.0.2.1 port 2055")
    );
    bench.ok("flow-accounting {");
    bench.ok("  interfac eth2");
    let shown = bench.fails("}");
    assert!(
        shown.starts_with("    interfac eth2\n    ^^^^^^^^\nline 2:3: "),
        "{shown}"
    );
    bench.ok("flow-accounting {");
    bench.shell.interrupt();
    assert!(bench.shell.wants_command());
}

#[test]
fn a_text_is_loaded_at_its_end() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set system host-name old");
    bench.ok("load terminal");
    assert!(bench.shell.wants_text());
    bench.ok("set flow sampler S rate 10");
    bench.ok("commit");
    let shown = bench.shell.end_of_input().unwrap_err().shown();
    assert!(shown.contains("line 2:1: "), "{shown}");
    bench.ok("load merge terminal");
    bench.ok("set flow sampler S rate 10");
    assert!(
        bench
            .shell
            .end_of_input()
            .unwrap()
            .answer
            .text
            .starts_with("Loaded: ")
    );
    assert_eq!(
        bench.candidate(),
        "set system host-name old\nset flow sampler S rate 10\n"
    );
}

#[test]
fn a_comment_goes_with_its_node_wherever_that_goes() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set flow sampler A rate 10");
    bench.ok("comment flow sampler A \"one in ten\"");
    bench.ok("edit flow");
    bench.ok("comment sampler A rate why");
    bench.ok("rename sampler A to sampler B");
    bench.ok("copy sampler B to sampler C");
    let candidate = bench.candidate();
    for line in [
        "set comment \"flow sampler B\" text \"one in ten\"\n",
        "set comment \"flow sampler B rate\" text why\n",
        "set comment \"flow sampler C rate\" text why\n",
    ] {
        assert!(candidate.contains(line), "{line}{candidate}");
    }
    assert!(!candidate.contains("sampler A"), "{candidate}");
    bench.ok("comment sampler B \"\"");
    assert!(!bench.candidate().contains("\"flow sampler B\""));
    let shown = bench.fails("comment sampler D x");
    assert!(
        shown.contains("not there") && shown.contains("comment sampler D x"),
        "{shown}"
    );
}

#[test]
fn a_comment_above_a_block_is_kept_and_above_anything_else_is_not() {
    let mut bench = Bench::new();
    bench.ok("configure");
    for line in [
        "/* the core */",
        "",
        "flow {",
        "/* ten */",
        "sampler A { rate 10; }",
        "}",
        "/* nobody's */",
        "set flow sampler B rate 10",
        "system {",
        "host-name r1",
        "}",
    ] {
        bench.ok(line);
    }
    let candidate = bench.candidate();
    assert_eq!(candidate.matches("set comment").count(), 2, "{candidate}");
    for line in [
        "set comment flow text \"the core\"\n",
        "set comment \"flow sampler A\" text ten\n",
    ] {
        assert!(candidate.contains(line), "{line}{candidate}");
    }
}

#[test]
fn copies_and_renames_are_one_change() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set flow exporter A destination 192.0.2.1");
    bench.ok("set flow exporter A description \"a \\\"b\\\" c\"");
    bench.ok("edit flow");
    bench.ok("copy exporter A to exporter B");
    bench.ok("rename exporter A to exporter C");
    assert_eq!(
        bench.candidate(),
        "set flow exporter B description \"a \\\"b\\\" c\"\nset flow exporter B destination 192.0.2.1\n\
         set flow exporter C description \"a \\\"b\\\" c\"\nset flow exporter C destination 192.0.2.1\n"
    );
    assert!(
        bench
            .fails("copy exporter A to exporter D")
            .contains("is not in the candidate")
    );
    assert!(
        bench
            .fails("copy exporter B to exporter C")
            .contains("is in the candidate configuration already")
    );
    let shown = bench.fails("copy exporter B to sampler S");
    assert!(
        shown
            .lines()
            .nth(1)
            .is_some_and(|line| line.trim() == "^".repeat(9)),
        "{shown}"
    );
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
fn operational_commands_in_both_modes() {
    let mut bench = Bench::new();
    let shown = bench.fails("show flow monitor M1 cache");
    assert!(
        shown.starts_with("  show flow monitor M1 cache\n                    ^^\n"),
        "{shown}"
    );
    assert!(
        bench
            .ok("show interfaces | match eth1 | json")
            .contains("192.0.2.1/24")
    );
    bench.ok("configure");
    assert!(
        bench
            .ok("run show interfaces | count")
            .starts_with("Count: ")
    );
    assert!(
        bench
            .fails("show version")
            .contains("type `run show version`")
    );
    assert!(bench.fails("configure").contains("already") || bench.prompt().contains('#'));
}

#[test]
fn completion_knows_the_candidate_and_the_host() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set flow exporter E1 destination 192.0.2.1");
    let mut words = |line: &str| -> Vec<String> {
        let completion = bench.shell.complete(line, line.len());
        completion
            .candidates
            .into_iter()
            .filter(|candidate| candidate.literal)
            .map(|candidate| candidate.text)
            .collect()
    };
    assert_eq!(words("set flow monitor M exporter "), ["E1"]);
    assert_eq!(words("set system flow-accounting interface "), ["eth1"]);
    assert_eq!(words("delete flow exp"), ["exporter"]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.boot");
    std::fs::write(&path, "").unwrap();
    std::fs::write(dir.path().join(".hidden"), "").unwrap();
    let begun = format!("load {}/", dir.path().display());
    assert_eq!(words(&begun), [path.to_str().unwrap()]);
}

#[test]
fn saved_files_load_again() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set flow sampler S rate 7");
    bench.ok("commit");
    let said = bench.ok("save");
    assert!(
        said.starts_with("Saved the running configuration to /")
            && said.ends_with("/config.boot\n"),
        "{said}"
    );
    bench.ok("set flow sampler S rate 8");
    assert!(
        bench
            .ok("save ~/other")
            .contains("uncommitted changes are not in it")
    );
    bench.ok("load ~/other");
    assert_eq!(bench.candidate(), "set flow sampler S rate 7\n");
    let shown = bench.fails("load ~/none");
    assert!(
        shown.starts_with("  load ~/none\n       ^^^^^^\ncannot read /"),
        "{shown}"
    );
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

#[test]
fn probes_of_other_programs_become_flow_accounting_with_a_report() {
    let mut bench = Bench::new();
    bench.ok("configure");
    let said = bench.ok("load softflowd-args -d -i eth1 -n 192.0.2.9:2055 -v 9 -t maxlife=1m");
    assert_eq!(
        said,
        "arguments: \"-d\": not translated: flowd is a service already\n\
         Loaded as flow monitoring: `compare` shows it, `commit` puts it into force; 1 piece has no counterpart here.\n"
    );
    let candidate = bench.candidate();
    assert!(
        candidate.contains("netflow timeout max-active-life 60"),
        "{candidate}"
    );
    let path = bench._dir.path().join("pmacctd.conf");
    std::fs::write(&path, "plugins: nfprobe\ninterface: eth2\nfoo: 1\n").unwrap();
    let said = bench.ok(&format!("load pmacct {}", path.display()));
    assert!(
        said.contains("pmacctd.conf:3: \"foo: 1\": not translated"),
        "{said}"
    );
    assert!(bench.candidate().contains("server 127.0.0.1 port 2100"));
    assert!(
        bench
            .fails("load softflowd-args -d")
            .contains("nothing of it can be flow monitoring")
    );
}

#[test]
fn samplicates_configuration_becomes_a_samplicator_with_a_report() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set system host-name kept");
    let seed = "-s 192.168.3.2 -S -p 2055 -d 192.168.4.1/2055 192.168.5.1/2055";
    let said = bench.ok(&format!("load samplicate-args \"{seed}\""));
    assert_eq!(
        said,
        "arguments: \"-d\": not translated: `show samplicator` and `show log` tell what it does
arguments: \"192.168.4.1/2055\": samplicate takes it for the level of -d; here it is a receiver
Loaded as samplicator samplicate: `compare` shows it, `commit` puts it into force; 1 piece has no counterpart here.
"
    );
    let candidate = bench.candidate();
    assert!(
        candidate.starts_with("set system host-name kept\n"),
        "{candidate}"
    );
    for address in ["192.168.4.1", "192.168.5.1"] {
        let line = format!("set flow samplicator samplicate receiver {address} spoof-source\n");
        assert!(candidate.contains(&line), "{candidate}");
    }
    // Loaded again it is replaced, not added to.
    let path = bench._dir.path().join("samplicate.conf");
    std::fs::write(&path, "10.0.0.0/8: 192.0.2.1/2055\nnothing\n").unwrap();
    let said = bench.ok(&format!("load samplicate {}", path.display()));
    assert!(
        said.starts_with(&format!(
            "{}:2: \"nothing\": not translated: there is no colon",
            path.display()
        )),
        "{said}"
    );
    let candidate = bench.candidate();
    assert!(!candidate.contains("192.168.4.1"), "{candidate}");
    assert!(
        candidate.contains("set flow samplicator samplicate source 0.0.0.0/0 deny\n"),
        "{candidate}"
    );
    let shown = bench.fails("load samplicate-args -c /nowhere/at/all");
    assert!(
        shown.contains("^^^^^^^^^^^^^^^\n") && shown.contains("cannot read"),
        "{shown}"
    );
    let shown = bench.fails("load samplicate-args -f");
    assert!(
        shown.ends_with("nothing of it can be a samplicator; nothing was loaded"),
        "{shown}"
    );
}

/// What a listing prints, all of its parts.
fn listed(bench: &mut Bench, line: &str) -> String {
    let outcome = bench
        .shell
        .run(line)
        .unwrap_or_else(|failure| panic!("{line}: {}", failure.shown()));
    let mut listing = outcome.listing.expect(line);
    let mut text = outcome.answer.text;
    while let Some(part) = listing.part(&mut bench.shell).unwrap() {
        text += &part;
    }
    text
}

#[test]
fn a_long_cache_comes_in_parts_through_the_pipes() {
    let mut bench = Bench::new();
    let line = "show flow monitor LONG cache";
    let csv = listed(&mut bench, &format!("{line} format csv"));
    assert_eq!(csv, "PORT\n0\n1\n2\n3\n4\n");
    let table = listed(&mut bench, line);
    assert_eq!(table.matches("PORT").count(), 1, "one heading: {table}");
    assert!(
        table.ends_with("     0\n     1\n     2\n     3\n     4\n"),
        "{table}"
    );
    assert_eq!(
        listed(
            &mut bench,
            &format!("{line} format csv | match \"[134]\" | last 2")
        ),
        "3\n4\n"
    );
    assert_eq!(
        listed(&mut bench, &format!("{line} format csv | count")),
        "Count: 6 lines\n"
    );
    // The same text as that of an answer that is whole.
    let text = listed(&mut bench, &format!("{line} | json"));
    let json: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(json["flows"].as_array().map(Vec::len), Some(5));
    assert_eq!((&json["shown"], &json["total"]), (&5.into(), &5.into()));
    assert_eq!(text, serde_json::to_string_pretty(&json).unwrap() + "\n");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("flows.csv");
    listed(
        &mut bench,
        &format!("{line} format csv | save {}", file.display()),
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), csv);
    let shown = bench.fails(&format!("{line} filter ipv4 protocol regexp \"(\""));
    assert!(shown.contains("^\nnot a regular expression"), "{shown}");
}

#[test]
fn pasted_lines_go_together_and_each_wrong_one_is_told() {
    let mut bench = Bench::new();
    bench.ok("configure");
    let mut paste = |text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        let batch = bench.shell.batch(&lines).unwrap();
        let count = batch.lines;
        let undone = bench.shell.run_batch(batch, &lines[..count]).unwrap();
        let wrong: Vec<(usize, String)> = undone
            .wrong
            .into_iter()
            .map(|(at, failure)| (at, failure.shown()))
            .collect();
        (count, wrong, undone.left_out)
    };
    let (count, wrong, _) = paste(
        "set flow sampler A rate 2\n  set flow sampler B rate x\nset flow smapler C rate 2\nset flow sampler D rate 3\ncommit\n",
    );
    assert_eq!((count, wrong.len()), (4, 2));
    let (at, shown) = &wrong[0];
    assert_eq!(*at, 1);
    assert!(
        shown.starts_with("    set flow sampler B rate x\n                            ^\n"),
        "{shown}"
    );
    assert_eq!(wrong[1].0, 2);

    // What stands below a wrong line does not become another one's.
    let (count, wrong, left_out) = paste(
        "flow exporter E1\n destination 192.0.2.1\n!\nflow exprter E2\n destination 192.0.2.2\n ttl 3\n!\nflow exporter E3\n \
         dscp 99\n destination 192.0.2.3\n",
    );
    assert_eq!((count, wrong.len(), left_out), (10, 2, 2));
    assert!(wrong[0].1.ends_with("The 2 lines below it were left out."));
    assert_eq!(bench.daemon.lock().edits.len(), 4, "each text twice");
    assert_eq!(
        bench.candidate(),
        "set flow exporter E1 destination 192.0.2.1\nset flow exporter E3 destination 192.0.2.3\n\
         set flow sampler A rate 2\nset flow sampler D rate 3\n"
    );
    assert_eq!(bench.shell.prompt().1, "r1(config-flow-exporter)# ");
    bench.ok("ttl 7");
    assert!(bench.candidate().contains("E3 ttl 7"));
    // Alone, or what does more than change the candidate, is no batch.
    assert_eq!(
        bench.shell.batch(&["set flow sampler A rate 2", "commit"]),
        None
    );
    assert_eq!(bench.shell.batch(&["flow {", "}"]), None);
}

#[test]
fn an_operational_command_in_configuration_mode_says_how_it_is_run() {
    let mut bench = Bench::new();
    bench.ok("configure");
    let show = "show flow exporter X statistics";
    for (line, word, way) in [
        (
            show,
            "statistics",
            "type `run show flow exporter X statistics`",
        ),
        ("ping 192.0.2.1", "ping", "type `run ping 192.0.2.1`"),
        (
            "clear flow monitor M cache",
            "clear",
            "type `run clear flow monitor M cache`",
        ),
        (
            "configure terminal",
            "configure",
            "you are in configuration mode already",
        ),
    ] {
        let column = line.find(word).unwrap();
        let caret = format!("  {:column$}{}", "", "^".repeat(word.len()));
        for shown in [
            bench.fails(line),
            crate::ask::help(&mut bench.shell, &format!("{line} "), line.len() + 1),
        ] {
            let shown = shown.trim_end();
            assert_eq!(shown.lines().nth(1), Some(caret.as_str()), "{shown}");
            assert!(shown.ends_with(way), "{shown}");
        }
    }
    // In a submode, and pasted.
    bench.ok("flow exporter E");
    assert!(
        bench
            .fails(" ping 192.0.2.1")
            .ends_with("type `run ping 192.0.2.1`")
    );
    let lines = ["destination 192.0.2.9", "ping 192.0.2.1"];
    let batch = bench.shell.batch(&lines).unwrap();
    let undone = bench.shell.run_batch(batch, &lines).unwrap();
    assert!(
        undone.wrong[&1]
            .shown()
            .contains("type `run ping 192.0.2.1`")
    );
}

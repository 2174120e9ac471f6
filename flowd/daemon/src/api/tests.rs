//! The API over a real socket.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;
use crate::peer::{Groups, as_user};
use service::clock;

/// A daemon without a process: state and socket in a directory of its own.
struct Daemon {
    dir: tempfile::TempDir,
    control: Arc<Control>,
    runtime: tokio::runtime::Runtime,
}

impl Daemon {
    fn start() -> Daemon {
        Daemon::in_dir(tempfile::tempdir().unwrap())
    }

    fn in_dir(dir: tempfile::TempDir) -> Daemon {
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let (now, now_ms) = (clock::monotonic(), clock::unix_ms());
        let control = Arc::new(Control::open(dir.path(), now, now_ms).unwrap());
        control.engine.boot(now, now_ms).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let service = router(control.clone()).into_make_service_with_connect_info::<Peer>();
        let groups = Groups {
            admin: "staff",
            operator: "users",
        };
        let path = dir.path().join("sock");
        let socket = runtime
            .block_on(async { ManagementSocket::open_for(&path, groups, control.clone()) })
            .unwrap();
        runtime.spawn(axum::serve(socket, service).into_future());
        Daemon {
            dir,
            control,
            runtime,
        }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("sock")
    }

    fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        ask(
            &self.socket(),
            method,
            path,
            &if body.is_null() {
                String::new()
            } else {
                body.to_string()
            },
        )
    }

    fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path, Value::Null);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask("POST", path, body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    fn session(&self) -> String {
        let answer = self.post("/v1/sessions", json!({"via": "cli"}));
        format!("/v1/sessions/{}", answer["session"].as_str().unwrap())
    }

    fn commit(&self, text: &str) -> Value {
        let session = self.session();
        self.post(&format!("{session}/edit"), json!({ "text": text }));
        let comment = text.replace('\n', "; ");
        self.post(&format!("{session}/commit"), json!({ "comment": comment }))
    }

    fn restart(self) -> Daemon {
        self.runtime.shutdown_background();
        self.control.engine.stop();
        let Daemon { dir, control, .. } = self;
        drop(control);
        Daemon::in_dir(dir)
    }

    fn running(&self) -> String {
        self.get("/v1/configuration?format=set")["text"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

fn ask(socket: &Path, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut stream = UnixStream::connect(socket).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: flowd\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (
        status,
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}")),
    )
}

fn message(answer: &Value) -> &str {
    answer["errors"][0]["message"]
        .as_str()
        .unwrap_or_else(|| panic!("no message: {answer}"))
}

const SAMPLER: &str = "set flow sampler S mode random\nset flow sampler S rate 100\n";

#[test]
fn a_candidate_is_edited_compared_committed_and_shown() {
    let daemon = Daemon::start();
    assert_eq!(daemon.get("/v1/version")["revision"], Value::Null);
    let session = daemon.session();
    assert_eq!(
        daemon.post(&format!("{session}/edit"), json!({"text": SAMPLER}))["changes"],
        3
    );
    let id = session.rsplit('/').next().unwrap();
    let diff = daemon.get(&format!("/v1/compare?session={id}"));
    assert!(
        diff["text"].as_str().unwrap().contains("rate 100"),
        "{diff}"
    );
    assert_eq!(daemon.running(), "");
    assert_eq!(
        daemon.post(&format!("{session}/check"), Value::Null),
        json!({"warnings": [], "impact": []})
    );
    let answer = daemon.post(&format!("{session}/commit"), json!({"comment": "first"}));
    assert_eq!(answer, json!({"revision": 0, "warnings": [], "impact": []}));
    assert_eq!(
        daemon.post(&format!("{session}/commit"), Value::Null)["revision"],
        Value::Null,
        "nothing to commit"
    );
    assert!(daemon.running().contains("set flow sampler S rate 100"));
    let json = daemon.get("/v1/configuration?format=json&path=flow%20sampler");
    assert!(json["tree"]["flow"]["sampler"]["S"].is_object(), "{json}");
    let revisions = daemon.get("/v1/revisions");
    assert_eq!(revisions["revisions"][0]["comment"], "first");
    assert_eq!(
        (
            &revisions["revisions"][0]["user"],
            &revisions["revisions"][0]["via"]
        ),
        (&json!("root"), &json!("cli"))
    );
    daemon.post(
        &format!("{session}/edit"),
        json!({"text": "delete flow sampler S"}),
    );
    daemon.post(&format!("{session}/discard"), Value::Null);
    assert_eq!(daemon.get("/v1/sessions")["sessions"][0]["changed"], false);
}

#[test]
fn a_comparison_with_marks_shows_the_newer_configuration_with_its_differences() {
    let daemon = Daemon::start();
    daemon.commit(
        "set flow sampler S mode random\nset flow sampler S rate 100\nset system host-name a",
    );
    daemon
        .commit("set flow sampler S rate 200\ndelete system host-name\nset flow sampler T rate 5");
    let marks = |path: &str| daemon.get(&format!("/v1/compare?from=1&to=0&format=marks{path}"));
    let whole = "\
-system {
-    host-name a
-}
 flow {
     sampler S {
         mode random
>        rate 200
     }
+    sampler T {
+        rate 5
+    }
 }
";
    assert_eq!(marks("")["text"], whole);
    let below = marks("&path=flow&path=sampler&path=S");
    assert_eq!(below["text"], " mode random\n>rate 200\n");
    // The same on both sides has no mark, and of nothing there is nothing.
    let same = daemon.get("/v1/compare?from=0&to=0&format=marks&path=flow&path=sampler&path=T");
    assert_eq!(same["text"], " rate 5\n");
    assert_eq!(marks("&path=interfaces")["text"], "");
}

#[test]
fn rollback_makes_an_old_revision_the_candidate() {
    let daemon = Daemon::start();
    daemon.commit("set flow sampler A rate 2");
    daemon.commit("set flow sampler B rate 3");
    let session = daemon.session();
    daemon.post(&format!("{session}/rollback"), json!({"revision": 1}));
    assert_eq!(
        daemon.post(&format!("{session}/commit"), Value::Null)["revision"],
        2
    );
    assert!(!daemon.running().contains("sampler B"));
    let (status, answer) = daemon.ask(
        "POST",
        &format!("{session}/rollback"),
        json!({"revision": 9}),
    );
    assert_eq!(
        (status, message(&answer)),
        (404, "no revision 9; there are 0 to 2")
    );
    let text = daemon.get("/v1/compare?from=1&to=0&format=set");
    assert!(
        text["text"]
            .as_str()
            .unwrap()
            .contains("delete flow sampler B"),
        "{text}"
    );
}

#[test]
fn revisions_are_pruned_and_survive_a_restart() {
    let daemon = Daemon::start();
    daemon.commit("set system config-management commit-revisions 3");
    for rate in 2..8 {
        daemon.commit(&format!("set flow sampler S rate {rate}"));
    }
    let daemon = daemon.restart();
    assert!(daemon.running().contains("rate 7"));
    let revisions = daemon.get("/v1/revisions");
    let ids: Vec<_> = revisions["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(ids, [6, 5, 4]);
    assert_eq!(daemon.get("/v1/version")["revision"], 6);
}

#[test]
fn commits_that_do_not_overlap_meet_and_those_that_do_are_refused() {
    let daemon = Daemon::start();
    let [one, two, three] = [daemon.session(), daemon.session(), daemon.session()];
    daemon.post(
        &format!("{one}/edit"),
        json!({"text": "set flow sampler A rate 2"}),
    );
    daemon.post(
        &format!("{two}/edit"),
        json!({"text": "set flow sampler B rate 3"}),
    );
    daemon.post(
        &format!("{three}/edit"),
        json!({"text": "set flow sampler A rate 9"}),
    );
    daemon.post(&format!("{one}/commit"), Value::Null);
    daemon.post(&format!("{two}/commit"), Value::Null);
    let running = daemon.running();
    assert!(
        running.contains("sampler A rate 2") && running.contains("sampler B rate 3"),
        "{running}"
    );
    let (status, answer) = daemon.ask("POST", &format!("{three}/commit"), Value::Null);
    assert_eq!(status, 409);
    assert_eq!(
        answer["errors"][0]["path"],
        json!(["flow", "sampler", "A", "rate"]),
        "{answer}"
    );
    assert!(
        message(&answer).contains("2 there") && message(&answer).contains("9 here"),
        "{answer}"
    );
    assert_eq!(daemon.running(), running);
}

#[test]
fn an_unconfirmed_commit_is_rolled_back_also_after_a_restart() {
    let daemon = Daemon::start();
    daemon.commit("set flow sampler S rate 2");
    let before = daemon.running();
    let risky = |daemon: &Daemon, rate: u32| {
        let session = daemon.session();
        daemon.post(
            &format!("{session}/edit"),
            json!({"text": format!("set flow sampler S rate {rate}")}),
        );
        daemon.post(&format!("{session}/commit"), json!({"confirm_minutes": 10}))
    };
    assert_eq!(risky(&daemon, 3)["confirm_seconds"], 600);
    assert!(
        daemon.get("/v1/revisions")["confirm"]["seconds"]
            .as_u64()
            .unwrap()
            > 590
    );
    let session = daemon.session();
    daemon.post(
        &format!("{session}/edit"),
        json!({"text": "set flow sampler T rate 2"}),
    );
    let (status, answer) = daemon.ask("POST", &format!("{session}/commit"), Value::Null);
    assert!(
        status == 409 && message(&answer).contains("waits for confirmation"),
        "{answer}"
    );
    daemon.post("/v1/confirm", Value::Null);
    let (status, _) = daemon.ask("POST", "/v1/confirm", Value::Null);
    assert_eq!(status, 409);
    assert!(daemon.running().contains("rate 3"));

    // Not confirmed, daemon running.
    risky(&daemon, 4);
    daemon.control.engine.roll_back_if_due(clock::monotonic());
    assert!(daemon.running().contains("rate 4"), "not yet due");
    daemon
        .control
        .engine
        .roll_back_if_due(clock::monotonic() + std::time::Duration::from_secs(601));
    assert!(daemon.running().contains("rate 3"));
    let newest = daemon.get("/v1/revisions")["revisions"][0].clone();
    assert!(
        newest["comment"]
            .as_str()
            .unwrap()
            .contains("not confirmed in time"),
        "{newest}"
    );

    // Not confirmed, daemon away while the time passes.
    risky(&daemon, 5);
    let daemon = daemon.restart();
    assert!(daemon.running().contains("rate 5"), "there is time left");
    assert!(
        daemon
            .control
            .engine
            .confirm_left(clock::monotonic())
            .is_some()
    );
    daemon.runtime.shutdown_background();
    daemon.control.engine.stop();
    let Daemon { dir, control, .. } = daemon;
    drop(control);
    let (now, now_ms) = (clock::monotonic(), clock::unix_ms() + 700_000);
    let control = Control::open(dir.path(), now, now_ms).unwrap();
    control.engine.boot(now, now_ms).unwrap();
    assert_eq!(
        control
            .engine
            .running()
            .tree
            .value(&["flow", "sampler", "S", "rate"]),
        Some("3")
    );
    assert_eq!(control.engine.confirm_left(now), None);
    assert_ne!(before, "");
}

#[test]
fn what_is_wrong_is_told_in_one_form() {
    let daemon = Daemon::start();
    let session = daemon.session();
    for (method, path, body, status) in [
        ("GET", "/v1/nothing", "", 404),
        ("PUT", "/v1/version", "", 405),
        ("POST", "/v1/sessions", "{", 400),
        ("POST", "/v1/sessions", r#"{"vita": 1}"#, 400),
        ("POST", "/v1/sessions", "\u{0}\u{1}", 400),
        ("POST", "/v1/sessions/none/commit", "", 404),
        ("POST", "/v1/clear/monitor/M", r#"{"what": "all"}"#, 400),
        ("GET", "/v1/flow/nothing", "", 404),
        ("GET", "/v1/configuration?format=xml", "", 400),
        ("GET", "/v1/configuration?colour=red", "", 400),
        ("GET", "/v1/configuration?path=no%20such", "", 400),
        ("GET", "/v1/configuration?source=candidate", "", 400),
        ("GET", "/v1/configuration?source=0", "", 404),
        ("GET", "/v1/log?lines=many", "", 400),
        ("GET", "/v1/names?kind=file", "", 400),
        ("GET", "/v1/flow/monitors/none/cache", "", 404),
    ] {
        let (got, answer) = ask(&daemon.socket(), method, path, body);
        assert_eq!(got, status, "{method} {path}: {answer}");
        assert!(!message(&answer).is_empty());
    }
    for body in [
        json!({"confirm_minutes": 0}),
        json!({"confirm_minutes": 65_536}),
        json!({"comment": "a\nb"}),
    ] {
        assert_eq!(
            daemon.ask("POST", &format!("{session}/commit"), body).0,
            400
        );
    }
    let (status, answer) = daemon.ask(
        "POST",
        &format!("{session}/edit"),
        json!({"text": "set flow sampler S rate 1"}),
    );
    assert_eq!(
        (status, &answer["errors"][0]["line"]),
        (400, &json!(1)),
        "{answer}"
    );
    assert_eq!(answer["errors"][0]["column"], 25, "{answer}");
    let dangling = "set flow monitor M record nowhere";
    daemon.post(&format!("{session}/edit"), json!({ "text": dangling }));
    let (status, answer) = daemon.ask("POST", &format!("{session}/commit"), Value::Null);
    assert_eq!(
        (status, &answer["errors"][0]["path"][2]),
        (400, &json!("M")),
        "{answer}"
    );
    assert_eq!(daemon.running(), "");
}

#[test]
fn groups_decide_who_configures_and_who_looks() {
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("not root: cannot become another user, not tested");
    }
    let gid = |name| {
        nix::unistd::Group::from_name(name)
            .ok()
            .flatten()
            .map(|group| group.gid.as_raw())
    };
    let (Some(admin), Some(operator)) = (gid("staff"), gid("users")) else {
        return eprintln!("no groups staff and users here: not tested");
    };
    let daemon = Daemon::start();
    let as_one_of = |groups: &[u32], method: &'static str, path: &'static str| {
        let socket = daemon.socket();
        as_user(54_321, groups, move || ask(&socket, method, path, ""))
    };
    assert_eq!(
        as_one_of(&[admin], "GET", "/v1/whoami").1,
        json!({"user": "54321", "uid": 54321, "role": "admin"})
    );
    assert_eq!(as_one_of(&[admin], "POST", "/v1/sessions").0, 200);
    assert_eq!(
        as_one_of(&[operator], "GET", "/v1/whoami").1["role"],
        "operator"
    );
    assert_eq!(as_one_of(&[operator], "GET", "/v1/configuration").0, 200);
    let (status, answer) = as_one_of(&[operator], "POST", "/v1/sessions");
    assert!(
        status == 403 && message(&answer).contains("flowd-admin"),
        "{answer}"
    );
    let (status, answer) = as_one_of(&[], "GET", "/v1/version");
    assert!(
        status == 403 && message(&answer).starts_with("54321 may not"),
        "{answer}"
    );
}

#[test]
fn a_session_of_another_user_is_not_used() {
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("not root: cannot become another user, not tested");
    }
    let Some(admin) = nix::unistd::Group::from_name("staff").ok().flatten() else {
        return;
    };
    let daemon = Daemon::start();
    let path = format!("{}/edit", daemon.session());
    let socket = daemon.socket();
    let edit = json!({"text": SAMPLER}).to_string();
    let (status, answer) = as_user(54_321, &[admin.gid.as_raw()], move || {
        ask(&socket, "POST", &path, &edit)
    });
    assert!(
        status == 403 && message(&answer).ends_with("is root's"),
        "{answer}"
    );
}

#[test]
fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
    let daemon = Daemon::start();
    let error = clear_path(&daemon.socket()).unwrap_err();
    assert!(
        error.to_string().starts_with("another flowd answers on "),
        "{error}"
    );
    let dir = tempfile::tempdir().unwrap();
    let stale = dir.path().join("sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    clear_path(&stale).unwrap();
    assert!(!stale.exists());
    std::fs::write(&stale, b"").unwrap();
    assert!(
        clear_path(&stale)
            .unwrap_err()
            .to_string()
            .contains("not a socket")
    );
}

#[test]
fn a_saved_configuration_that_no_longer_fits_starts_with_what_fits() {
    let dir = tempfile::tempdir().unwrap();
    let (now, now_ms) = (clock::monotonic(), clock::unix_ms());
    let text = r#"{"flow":{"sampler":{"S":{"mode":["random"],"rate":["100"]}},"monitor":{"M":{"record":["nowhere"]}}}}"#;
    let tree = config::tree_from_json(&serde_json::from_str(text).unwrap()).unwrap();
    {
        let control = Control::open(dir.path(), now, now_ms).unwrap();
        let new = config::revisions::New {
            tree: &tree,
            time_ms: now_ms,
            user: "u",
            via: "cli",
            comment: "",
            keep: 9,
            waiting: None,
            scheduled: false,
        };
        control.engine.revisions.record(&new).unwrap();
        control.engine.stop();
    }
    let control = Control::open(dir.path(), now, now_ms).unwrap();
    assert!(control.engine.boot(now, now_ms).unwrap());
    let running = control.engine.running();
    assert_eq!((&running.tree, running.id), (&tree, Some(0)));
    let probe = running.settings.get::<probe::Probe>();
    assert_ne!(
        probe,
        Some(&probe::Settings::default()),
        "the sampler is there"
    );
    let said = control.log.last(1000).lines;
    assert!(
        said.iter()
            .any(|line| line.message.starts_with("not applied: flow monitor M")),
        "{said:?}"
    );
}

#[test]
fn the_deadline_of_a_confirmation_is_watched() {
    let daemon = Daemon::start();
    daemon.commit("set flow sampler S rate 2");
    let before = daemon.control.engine.running().tree.clone();
    daemon
        .runtime
        .spawn(daemon.control.engine.clone().watch_confirmations());
    let risky = language::load(
        &before,
        &[],
        "set flow sampler S rate 3",
        None,
        language::Mode::Merge,
    )
    .unwrap();
    let request = config::Request {
        confirm: Some(std::time::Duration::from_millis(200)),
        ..Default::default()
    };
    daemon.control.engine.commit(&risky, &request).unwrap();
    assert_eq!(daemon.control.engine.running().tree, risky);
    let patience = clock::monotonic() + std::time::Duration::from_secs(10);
    while daemon.control.engine.running().tree != before {
        assert!(clock::monotonic() < patience, "never rolled back");
        std::thread::yield_now();
    }
    assert_eq!(daemon.control.engine.running().id, Some(2));
    assert_eq!(daemon.control.engine.confirm_left(clock::monotonic()), None);
}

//! Commits are atomic and durable: `kill -9` at any moment, a commit that waits for confirmation, a full disk.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use flow_tests::random::Random;
use flow_tests::wait::within;
use flow_tests::{Flowd, Namespace, http, skip};
use serde_json::{Value as Json, json};

const TOOLS: &[&str] = &["ip", "mount"];

/// Returns the text of a commit, which depends on its number only.
fn text(number: u64) -> String {
    // The text has two leaves far apart in the tree, so that a mixture of two revisions is noticed.
    format!(
        "set system host-name host-{number}\nset flow monitor M description \"number {number}\"\nset flow monitor M record netflow-original\n"
    )
}

fn set_form(flowd: &Flowd) -> String {
    flowd.get("/v1/configuration?source=running&format=set")["text"]
        .as_str()
        .expect("a text")
        .to_owned()
}

/// Commits in one session over the API; `None` if the daemon was killed meanwhile.
fn commit(socket: &Path, number: u64) -> Option<Json> {
    let post = |path: &str, body: &Json| {
        http::request(socket, "POST", path, Some(body))
            .ok()
            .filter(|(status, _)| *status == 200)
            .map(|(_, body)| body)
    };
    let session = post("/v1/sessions", &json!({"via": "test"}))?["session"].to_string();
    let session = session.trim_matches('"');
    post(
        &format!("/v1/sessions/{session}/edit"),
        &json!({"text": text(number), "dialect": "set"}),
    )?;
    let committed = post(
        &format!("/v1/sessions/{session}/commit"),
        &json!({"comment": format!("number {number}")}),
    )?;
    let _ = http::request(socket, "DELETE", &format!("/v1/sessions/{session}"), None);
    Some(committed)
}

/// Returns the numbers of the commits in the list of revisions, newest first. Asserts that the list is counted from 0, in
/// order and without repetition.
fn revisions(flowd: &Flowd) -> Vec<u64> {
    let answer = flowd.get("/v1/revisions");
    let list = answer["revisions"].as_array().expect("a list").clone();
    let mut numbers = Vec::new();
    let mut last_id = None;
    for (place, revision) in list.iter().enumerate() {
        assert_eq!(revision["revision"], place as u64, "{answer}");
        let id = revision["id"].as_u64();
        assert!(last_id.is_none() || id < last_id, "ids go down: {answer}");
        last_id = id;
        assert!(
            revision["hash"]
                .as_str()
                .is_some_and(|hash| !hash.is_empty()),
            "{answer}"
        );
        if let Some(number) = revision["comment"]
            .as_str()
            .and_then(|comment| comment.strip_prefix("number "))
        {
            numbers.push(number.parse().expect("a number"));
        }
    }
    assert!(numbers.windows(2).all(|pair| pair[0] > pair[1]), "{answer}");
    numbers
}

#[test]
fn killed_at_any_moment_it_starts_with_one_of_the_two_neighbours() {
    if !skip::able("durability: kill -9", TOOLS) {
        return;
    }
    let namespace = Namespace::new("kill");
    let mut flowd = Flowd::start(&namespace);
    let mut random = Random::new(clock_seed());
    // The `set` lines after each commit; the rest of the tree stays the same.
    let expected = |number: u64, shown: &str| {
        shown.contains(&format!("host-{number}"))
            && (shown.contains(&format!("\"number {number}\""))
                || shown.contains(&format!("'number {number}'")))
    };
    let mut acknowledged = 0;
    let mut number = 0;
    let mut kills = 0;
    while number < 220 || kills < 40 {
        // Three or four commits in a row on average, then one during which the daemon is killed.
        let rounds = random.below(8);
        for _ in 0..rounds {
            number += 1;
            commit(&flowd.socket(), number)
                .unwrap_or_else(|| panic!("commit {number} was refused"));
            acknowledged = number;
        }
        number += 1;
        let delay = Duration::from_micros(random.below(12_000));
        let socket = flowd.socket();
        let (begun, done) = (AtomicBool::new(false), AtomicU64::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                begun.store(true, Ordering::Release);
                if commit(&socket, number).is_some() {
                    done.store(number, Ordering::Release);
                }
            });
            while !begun.load(Ordering::Acquire) {
                std::hint::spin_loop();
            }
            // This sleep is no wait for a condition: it chooses a random moment inside the commit.
            std::thread::sleep(delay);
            flowd.kill();
        });
        kills += 1;
        acknowledged = acknowledged.max(done.load(Ordering::Acquire));
        flowd.up(&namespace);
        let shown = set_form(&flowd);
        let running = [acknowledged, number]
            .into_iter()
            .find(|number| expected(*number, &shown) || (*number == 0 && !shown.contains("host-")));
        let Some(running) = running else {
            panic!("after kill {kills}: neither {acknowledged} nor {number} but\n{shown}");
        };
        let list = revisions(&flowd);
        assert!(
            list.first().copied().unwrap_or(0) == running,
            "after kill {kills}: running {running}, newest revision {list:?}"
        );
        let tail: Vec<u64> = list.iter().skip(1).take(3).copied().collect();
        assert!(tail.iter().all(|older| *older < running), "{list:?}");
        // The newest revision is byte for byte the running configuration. If the very first commit was interrupted,
        // there may be none.
        if running > 0 {
            let newest = flowd.get("/v1/configuration?source=0&format=set");
            assert_eq!(
                newest["text"].as_str(),
                Some(shown.as_str()),
                "after kill {kills}"
            );
        }
        acknowledged = running;
        number = running.max(number);
    }
    assert!(
        number >= 200 && kills >= 40,
        "{number} commits, {kills} kills"
    );
    // commit-revisions is 100 by default: older ones are pruned, the list stays bounded.
    assert!(revisions(&flowd).len() <= 101);
}

/// Returns a seed that differs in every run. It is printed, so that a failure can be repeated.
fn clock_seed() -> u64 {
    let seed = std::env::var("FLOW_TESTS_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(flow_tests::clock::wall_ns);
    println!("FLOW_TESTS_SEED={seed}");
    seed
}

#[test]
fn a_commit_that_nobody_confirms_rolls_back() {
    if !skip::able("durability: commit-confirm", TOOLS) {
        return;
    }
    let namespace = Namespace::new("confirm");
    let mut flowd = Flowd::start(&namespace);
    flowd.configure("set system host-name before\n");
    let before = set_form(&flowd);

    // A confirmed commit stays.
    flowd.ok(&[
        "configure",
        "set system host-name confirmed",
        "commit-confirm 1",
        "confirm",
        "exit",
    ]);
    assert!(set_form(&flowd).contains("confirmed"));
    flowd.ok(&["configure", "set system host-name before", "commit", "exit"]);
    assert_eq!(set_form(&flowd), before);

    // An unconfirmed commit keeps its deadline when the daemon is killed and started again.
    let started = flow_tests::clock::now();
    flowd.ok(&[
        "configure",
        "set system host-name doubtful",
        "commit-confirm 1 comment doubtful",
        "exit",
    ]);
    assert!(set_form(&flowd).contains("doubtful"));
    flowd.kill();
    flowd.up(&namespace);
    assert!(
        set_form(&flowd).contains("doubtful"),
        "before the deadline the commit runs"
    );
    let waiting = flowd.get("/v1/revisions");
    assert!(
        waiting["confirm"]["seconds"]
            .as_u64()
            .is_some_and(|seconds| seconds <= 60),
        "{waiting}"
    );
    let back = within(Duration::from_secs(80), || {
        (set_form(&flowd) == before).then_some(())
    });
    let took = started.elapsed();
    assert!(
        back.is_some(),
        "not rolled back after {took:?}:\n{}",
        set_form(&flowd)
    );
    assert!(
        took >= Duration::from_secs(50),
        "rolled back before its time, after {took:?}"
    );
    let after = flowd.get("/v1/revisions");
    assert!(after["confirm"].is_null(), "{after}");
    // The rollback survives a restart.
    flowd.kill();
    flowd.up(&namespace);
    assert_eq!(set_form(&flowd), before);
}

#[test]
fn a_deadline_that_passes_while_it_is_down_rolls_back_at_the_start() {
    if !skip::able("durability: commit-confirm while down", TOOLS) {
        return;
    }
    let namespace = Namespace::new("down");
    let mut flowd = Flowd::start(&namespace);
    flowd.configure("set system host-name before\n");
    let before = set_form(&flowd);
    let started = flow_tests::clock::now();
    flowd.ok(&[
        "configure",
        "set system host-name doubtful",
        "commit-confirm 1",
        "exit",
    ]);
    flowd.kill();
    within(Duration::from_secs(62), || {
        (started.elapsed() > Duration::from_secs(61)).then_some(())
    });
    flowd.up(&namespace);
    let back = within(Duration::from_secs(5), || {
        (set_form(&flowd) == before).then_some(())
    });
    assert!(back.is_some(), "{}", set_form(&flowd));
}

/// A small file system of its own, unmounted on drop.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new(megabytes: u32) -> Disk {
        let dir = tempfile::tempdir().unwrap();
        let status = skip::command("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={megabytes}m"),
                "flow-tests",
            ])
            .arg(dir.path())
            .status()
            .unwrap();
        assert!(status.success(), "mount");
        Disk(dir)
    }

    /// Fills the file system completely.
    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.0.path().join("ballast")).unwrap();
        for block in [65_536, 4_096, 512, 1] {
            while file.write_all(&vec![1; block]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.path().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = skip::command("umount")
            .arg("-l")
            .arg(self.0.path())
            .status();
    }
}

#[test]
fn a_full_disk_refuses_the_commit_and_keeps_running() {
    if !skip::able("durability: full disk", TOOLS) {
        return;
    }
    let disk = Disk::new(24);
    let namespace = Namespace::new("disk");
    let mut flowd = Flowd::prepare().with_state(&disk.0.path().join("state"));
    flowd.up(&namespace);
    flowd.configure("set system host-name before\n");
    let (before, list) = (set_form(&flowd), flowd.get("/v1/revisions"));
    disk.fill();
    // Large enough not to fit into what a database may have set aside.
    let long = "x".repeat(200);
    let many: String = (0..2_000).map(|number| format!("set flow exporter E{number} description {long}\nset flow exporter E{number} destination 192.0.2.1\n")).collect();
    let file = flowd.file("many", many);
    let said = flowd.sh(&[
        "configure",
        &format!("merge {file}"),
        "set system host-name after",
        "commit",
        "exit",
    ]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(
        said.err.to_lowercase().contains("space") || said.err.to_lowercase().contains("disk"),
        "the reason is said: {}",
        said.err
    );
    assert!(flowd.running(), "flowd keeps running");
    assert_eq!(set_form(&flowd), before, "nothing is applied");
    assert_eq!(flowd.get("/v1/revisions"), list, "nothing is recorded");
    // With room again, commits succeed, and a restart finds everything.
    disk.free();
    flowd.ok(&["configure", "set system host-name after", "commit", "exit"]);
    let after = set_form(&flowd);
    assert!(after.contains("after"));
    flowd.kill();
    flowd.up(&namespace);
    assert_eq!(set_form(&flowd), after);
}

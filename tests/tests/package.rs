//! The Debian package. What can be said of its files is tested always. Living with it in a Debian 12 that boots takes some minutes, so
//! this is tested with `FLOW_TESTS_PACKAGE=1`, which packages the programs that the tests run; with `FLOW_TESTS_PACKAGE=release` it is
//! built as it is released, and twice, to compare, which takes a quarter of an hour.

use std::collections::BTreeMap;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use flow_tests::bins::{self, program, workspace};
use flow_tests::clock;
use flow_tests::collectors::Nfcapd;
use flow_tests::container::{self, Container};
use flow_tests::flowd::Said;
use flow_tests::halt::Halted;
use flow_tests::netns::{Namespace, veth};
use flow_tests::skip::{self, command};
use flow_tests::wait::{SOON, until};

const UNIT: &str = "packaging/debian/flow-router.flowd.service";
const PORT: u16 = 9995;
/// `FLOW_TESTS_PACKAGE` for packages as they are released.
const RELEASE: &str = "release";

fn said(program: &str, arguments: &[&str]) -> Said {
    let output = command(program)
        .args(arguments)
        .current_dir(workspace())
        .output();
    output
        .unwrap_or_else(|error| panic!("{program}: {error}"))
        .into()
}

fn names_in(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(workspace().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{folder}");
    found
}

#[test]
fn the_unit_exposes_little() {
    if !skip::able("the unit's exposure", &["systemd-analyze"]) {
        return;
    }
    let scored = said(
        "systemd-analyze",
        &[
            "security",
            "--offline=true",
            "--threshold=20",
            "--no-pager",
            UNIT,
        ],
    );
    assert_eq!(scored.code, 0, "{}{}", scored.out, scored.err);
    let checked = said(
        "systemd-analyze",
        &["security", "--offline=true", "--threshold=1", UNIT],
    );
    assert_ne!(checked.code, 0, "a threshold that cannot be met is not met");
}

#[test]
fn the_apparmor_profiles_are_understood() {
    if !skip::able("AppArmor profiles", &["apparmor_parser"]) {
        return;
    }
    for profile in names_in("packaging/debian/apparmor") {
        let parsed = said("apparmor_parser", &["-Q", "-K", profile.to_str().unwrap()]);
        assert_eq!(parsed.code, 0, "{}: {}", profile.display(), parsed.err);
    }
}

#[test]
fn the_examples_are_right() {
    let first = workspace().join("packaging/debian/flowd.conf");
    let examples = names_in("packaging/examples").into_iter();
    let of_flowd = |path: &PathBuf| {
        let suffix = path.extension().and_then(|suffix| suffix.to_str());
        matches!(suffix, Some("conf" | "ios" | "set"))
    };
    for example in examples.filter(of_flowd).chain([first]) {
        let name = example.to_str().unwrap();
        let checked = said(&program("flowd"), &["check", name]);
        assert_eq!(checked.code, 0, "{name}: {}", checked.err);
    }
}

#[test]
fn the_package_has_the_version_of_the_programs() {
    let changelog = fs::read_to_string(workspace().join("packaging/debian/changelog")).unwrap();
    let version = format!("flow-router ({}) ", env!("CARGO_PKG_VERSION"));
    assert!(changelog.starts_with(&version), "{changelog}");
}

/// The folder with the packages; `None` if they are not to be tested.
fn packages() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let wanted = std::env::var("FLOW_TESTS_PACKAGE").unwrap_or_default();
        match wanted.as_str() {
            "" | "0" => None,
            wanted => {
                let folder = tempfile::tempdir().unwrap().keep();
                let programs = bins::path("flowd");
                let built = (wanted != RELEASE).then(|| programs.parent().unwrap());
                build(&workspace().canonicalize().unwrap(), &folder, built, None);
                Some(folder)
            }
        }
    });
    built.as_deref()
}

/// Whether the packages are to be tested and what that needs is there.
fn able(test: &str, tools: &[&str]) -> bool {
    if packages().is_none() {
        skip::note(test, "FLOW_TESTS_PACKAGE is not set");
        return false;
    }
    skip::able(test, tools)
}

/// Builds the packages of a checkout, or of built programs, with its own script, which fails on lintian's tags.
fn build(checkout: &Path, folder: &Path, built: Option<&Path>, target: Option<&Path>) {
    let mut script = command(checkout.join("packaging/deb").to_str().unwrap());
    script.arg(folder);
    if let Some(built) = built {
        script.arg("--built").arg(built);
    }
    if let Some(target) = target {
        script.env("CARGO_TARGET_DIR", target);
    }
    let done: Said = script.output().unwrap().into();
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
}

/// The packages of a folder with what they consist of.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let all = fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    });
    all.filter(|(name, _)| name.ends_with(".deb")).collect()
}

#[test]
fn packages_built_in_two_folders_are_the_same() {
    if std::env::var("FLOW_TESTS_PACKAGE").as_deref() != Ok(RELEASE) {
        return skip::note("two builds", "FLOW_TESTS_PACKAGE=release is not set");
    }
    let first = contents(packages().unwrap());
    let names: Vec<&str> = first
        .keys()
        .map(|name| name.split('_').next().unwrap())
        .collect();
    assert_eq!(names, ["flow-router-dbgsym", "flow-router"]);
    let scratch = tempfile::tempdir().unwrap();
    let other = scratch.path().join("another folder's name");
    let copied = said("git", &["clone", "-q", ".", other.to_str().unwrap()]);
    assert_eq!(copied.code, 0, "{}", copied.err);
    let folder = scratch.path().join("packages");
    // Nothing of the first build is used again.
    build(&other, &folder, None, Some(&scratch.path().join("target")));
    let second = contents(&folder);
    for (name, octets) in &first {
        assert!(second.get(name) == Some(octets), "{name} differs");
    }
}

fn package(folder: &Path) -> PathBuf {
    let mut all = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    all.find(|path| name(path).starts_with("flow-router_"))
        .expect("the package is built")
}

/// Writes the package as the one of another version into a folder.
fn another_version(version: &str, folder: &Path) {
    let tree = folder.join(format!("tree-{version}"));
    let tree = tree.to_str().unwrap();
    let from = package(packages().unwrap());
    let unpacked = said("dpkg-deb", &["-R", from.to_str().unwrap(), tree]);
    assert_eq!(unpacked.code, 0, "{}", unpacked.err);
    let control = format!("{tree}/DEBIAN/control");
    let text = fs::read_to_string(&control).unwrap();
    let lines = text.lines().map(|line| match line.starts_with("Version:") {
        true => format!("Version: {version}\n"),
        false => format!("{line}\n"),
    });
    fs::write(&control, lines.collect::<String>()).unwrap();
    let to = folder.join(format!("{version}.deb"));
    let packed = said(
        "dpkg-deb",
        &[
            "-Zgzip",
            "-z1",
            "--root-owner-group",
            "-b",
            tree,
            to.to_str().unwrap(),
        ],
    );
    assert_eq!(packed.code, 0, "{}", packed.err);
}

/// A container beside a host that sends and collects, the interface between them called eth1.
struct Scene {
    container: Container,
    host: Namespace,
    _inside: Namespace,
    _shown: tempfile::TempDir,
}

impl Scene {
    /// Boots one with nothing installed and the packages `0.0.1.deb` and `0.0.2.deb` in `/shown`.
    fn boot() -> Scene {
        let shown = tempfile::tempdir().unwrap();
        another_version("0.0.1", shown.path());
        another_version("0.0.2", shown.path());
        let (inside, host) = (Namespace::new("box"), Namespace::new("host"));
        veth(&inside, "eth1", &host, "eth0", 1500);
        inside.ip("addr add 192.0.2.1/24 dev eth1");
        host.ip("addr add 192.0.2.9/24 dev eth0");
        Scene {
            container: Container::boot(&inside, shown.path()),
            host,
            _inside: inside,
            _shown: shown,
        }
    }

    /// Installs a version. A configuration file that is there already stays.
    fn install(&self, version: &str) {
        self.container
            .run(&format!("dpkg -i --force-confold /shown/{version}.deb"));
        self.container.run("systemctl is-active flowd");
    }

    fn property(&self, name: &str) -> String {
        let value = self
            .container
            .run(&format!("systemctl show -p {name} --value flowd"));
        value.trim().to_owned()
    }
}

const CONFIGURATION: &str = "set flow exporter NOC destination 192.0.2.9
set flow exporter NOC transport udp 9995
set flow exporter NOC export-protocol netflow-v9
set flow monitor EDGE record netflow-original
set flow monitor EDGE exporter NOC
set interfaces ethernet eth1 flow monitor EDGE direction input
set flow samplicator S port 500
set flow samplicator S receiver A address 192.0.2.9
set flow samplicator S receiver A spoof-source
";

#[test]
fn the_package_lives_in_a_debian() {
    if !able("the package in a container", container::TOOLS) {
        return;
    }
    let scene = Scene::boot();
    let inside = &scene.container;
    inside.run("mkdir /etc/flowd");
    inside.run(&format!(
        "cat > /etc/flowd/flowd.conf <<'END'\n{CONFIGURATION}END"
    ));
    scene.install("0.0.1");
    runs_with_little(&scene);
    groups_decide(&scene);
    is_back_after_kills(&scene);
    is_ended_when_it_hangs(&scene);

    // The configuration that was seeded was committed once, and an upgrade keeps it.
    let revisions = inside.run("flowsh -c 'show system commit'");
    assert_eq!(revisions.matches("via file").count(), 1, "{revisions}");
    inside.run("flowsh -c configure -c 'set flow monitor EDGE description kept' -c commit");
    let before = inside.run("flowsh -c 'show configuration commands'");
    assert!(before.contains("kept") && before.contains("samplicator S"));
    scene.install("0.0.2");
    assert_eq!(
        inside.run("flowsh -c 'show configuration commands'"),
        before
    );
    // And back.
    scene.install("0.0.1");
    assert_eq!(
        inside.run("flowsh -c 'show configuration commands'"),
        before
    );

    inside.run("dpkg -r flow-router");
    assert_ne!(inside.try_run("systemctl is-active flowd").code, 0);
    inside.run("test -d /var/lib/flowd/ && test -f /etc/flowd/flowd.conf");
    scene.install("0.0.1");
    assert_eq!(
        inside.run("flowsh -c 'show configuration commands'"),
        before
    );
    inside.run("dpkg -P flow-router");
    let left = inside.run(
        "ls -d /var/lib/flowd /etc/flowd /run/flowd /usr/share/doc/flow-router 2>/dev/null; true",
    );
    assert_eq!(left, "");

    // Now with the file that the package has, which commits nothing.
    scene.install("0.0.1");
    assert_eq!(
        inside.run("flowsh -c 'show configuration commands'").trim(),
        ""
    );
}

/// It runs as its own user with three capabilities, and cannot gain more.
fn runs_with_little(scene: &Scene) {
    let id = scene.container.process_of("flowd");
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.unwrap().split_whitespace().nth(1).unwrap().to_owned()
    };
    // NET_BIND_SERVICE, NET_ADMIN, NET_RAW.
    for set in ["CapEff:", "CapPrm:", "CapBnd:"] {
        assert_eq!(field(set), "0000000000003400", "{set}");
    }
    assert_eq!(field("NoNewPrivs:"), "1");
    assert_eq!(field("Seccomp:"), "2");
    let user = scene.container.run("id -u flowd");
    assert_eq!(field("Uid:"), user.trim());
    let modes = scene
        .container
        .run("stat -c '%a %U %G' /var/lib/flowd /run/flowd /run/flowd/flowd.sock");
    assert_eq!(modes, "700 flowd flowd\n755 flowd flowd\n666 flowd flowd\n");
    let states = scene
        .container
        .run("flowsh -c 'show flow interface' -c 'show samplicator S'");
    assert!(!states.contains("down"), "{states}");
}

/// Members of `flowd` look, members of `flowd-admin` configure, others do neither.
fn groups_decide(scene: &Scene) {
    let inside = &scene.container;
    inside.run("useradd ann; useradd -G flowd ben; useradd -G flowd-admin cleo");
    let shell = |user: &str, lines: &str| {
        inside
            .try_run(&format!(
                "setpriv --reuid {user} --regid {user} --init-groups flowsh {lines}"
            ))
            .code
    };
    let (look, change) = (
        "-c 'show version'",
        "-c configure -c 'set flow sampler X mode random' -c 'set flow sampler X rate 5' -c commit -c 'delete flow sampler X' -c commit",
    );
    assert_eq!(
        [shell("ann", look), shell("ben", look), shell("cleo", look)].map(|code| code == 0),
        [false, true, true]
    );
    assert_eq!(
        [
            shell("ann", change),
            shell("ben", change),
            shell("cleo", change)
        ]
        .map(|code| code == 0),
        [false, false, true]
    );
}

/// Killed, it is back with its configuration within two seconds.
fn is_back_after_kills(scene: &Scene) {
    let inside = &scene.container;
    let configured = inside.run("flowsh -c 'show configuration commands'");
    for round in 1..=20 {
        let began = clock::now();
        inside.run("systemctl kill -s KILL flowd");
        let answer = until("flowd's return", SOON, || {
            let shown = inside.try_run("flowsh -c 'show configuration commands'");
            (shown.code == 0).then_some(shown.out)
        });
        let took = clock::now() - began;
        assert_eq!(answer, configured, "round {round}");
        assert!(took < Duration::from_secs(2), "round {round}: {took:?}");
    }
}

/// A thread that hangs is ended with the daemon, which is started again.
fn is_ended_when_it_hangs(scene: &Scene) {
    let inside = &scene.container;
    inside.run("mkdir -p /run/systemd/system/flowd.service.d");
    inside.run(
        "printf '[Service]\\nWatchdogSec=4\\n' > /run/systemd/system/flowd.service.d/watchdog.conf",
    );
    inside.run("systemctl daemon-reload && systemctl restart flowd");
    for thread in ["cap eth1", "relay-S", "export"] {
        let restarts = scene.property("NRestarts");
        let halted = Halted::threads(inside.process_of("flowd"), thread);
        until(&format!("flowd's end as {thread} hangs"), SOON, || {
            (scene.property("NRestarts") != restarts).then_some(())
        });
        drop(halted);
        until("flowd's return", SOON, || {
            (inside.try_run("flowsh -c 'show version'").code == 0).then_some(())
        });
        let log = inside.run("journalctl -u flowd -o cat");
        assert!(log.contains("Watchdog timeout"), "{log}");
    }
    let restarts = scene.property("NRestarts");
    let halted = Halted::when_syncing(inside.process_of("flowd"), "control");
    std::thread::scope(|scope| {
        let commit = scope.spawn(|| {
            inside.try_run("flowsh -c configure -c 'set flow sampler HANGS rate 7' -c 'set flow sampler HANGS mode random' -c commit")
        });
        halted.caught();
        until("flowd's end as a commit hangs", SOON, || {
            (scene.property("NRestarts") != restarts).then_some(())
        });
        drop(halted);
        assert_ne!(commit.join().unwrap().code, 0);
    });
    until("flowd's return", SOON, || {
        (inside.try_run("flowsh -c 'show version'").code == 0).then_some(())
    });
    inside.run("rm -r /run/systemd/system/flowd.service.d; systemctl daemon-reload; systemctl restart flowd");
}

#[test]
fn an_upgrade_under_load_loses_nothing() {
    if !able(
        "an upgrade under load",
        &[container::TOOLS, &["nfcapd", "nfdump"]].concat(),
    ) {
        return;
    }
    let scene = Scene::boot();
    let inside = &scene.container;
    scene.install("0.0.1");
    let lines = CONFIGURATION.lines().map(|line| format!("-c '{line}' "));
    inside.run(&format!(
        "flowsh -c configure {} -c commit",
        lines.collect::<String>()
    ));
    let collector = Nfcapd::start(&scene.host, "192.0.2.9", PORT);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let sent = std::thread::scope(|scope| {
        let sender = scope.spawn(|| send(&scene.host, &stop));
        std::thread::sleep(Duration::from_secs(2));
        scene.install("0.0.2");
        std::thread::sleep(Duration::from_secs(2));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        sender.join().unwrap()
    });
    inside.run("flowsh -c 'clear flow monitor EDGE force-export'");
    let loss = inside.run("flowsh -c 'show flow loss'");
    inside.run("systemctl stop flowd");
    let flows = collector.stop().filter(|key| key.dport == 7);
    let (packets, _) = flows.totals();
    eprintln!(
        "sent {} packets at {}/s over an upgrade, metered {packets}\n{loss}",
        sent.0, sent.1
    );
    assert_eq!(packets, sent.0, "{loss}");
}

/// Sends datagrams to port 7 of the box until told to stop, 100,000 a second if this machine can. Returns how many, and how many a
/// second.
fn send(host: &Namespace, stop: &std::sync::atomic::AtomicBool) -> (u64, u64) {
    const EACH_MS: u64 = 100;
    host.enter(|| {
        let socket = UdpSocket::bind("192.0.2.9:0").unwrap();
        let began = clock::now();
        let mut sent = 0;
        while !stop.load(std::sync::atomic::Ordering::Relaxed) {
            let due = EACH_MS * u64::try_from(began.elapsed().as_millis()).unwrap();
            if sent >= due {
                std::thread::sleep(Duration::from_micros(300));
            }
            while sent < due {
                // What an ICMP error of an earlier datagram is told by is no datagram sent.
                sent += u64::from(socket.send_to(&[0; 18], "192.0.2.1:7").is_ok());
            }
        }
        let took = u64::try_from(began.elapsed().as_millis()).unwrap().max(1);
        (sent, sent * 1000 / took)
    })
}

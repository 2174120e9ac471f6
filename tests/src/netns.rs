//! Network namespaces, veth pairs and bridges, made with `ip` and removed on drop.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sched::{CloneFlags, setns};

use crate::process::Process;
use crate::skip::command;

static NEXT: AtomicU32 = AtomicU32::new(0);
static SWEEP: Once = Once::new();
const PREFIX: &str = "flowt";

/// A network namespace with loopback up and next to no IPv6 chatter of its own.
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes a namespace. `role` becomes part of its name, for whoever reads `ip netns`.
    ///
    /// # Panics
    /// When the kernel or `ip` refuses.
    pub fn new(role: &str) -> Namespace {
        SWEEP.call_once(sweep);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}-{}-{number}-{role}", std::process::id());
        ip(&["netns", "add", &name]);
        let namespace = Namespace { name };
        // No duplicate address detection: addresses work at once. No router solicitations: they are packets too.
        for (key, value) in [
            ("ipv6/conf/default/accept_dad", "0"),
            ("ipv6/conf/default/router_solicitations", "0"),
            ("ipv6/conf/default/accept_ra", "0"),
            ("ipv6/conf/default/addr_gen_mode", "1"),
        ] {
            namespace.sysctl(key, value);
        }
        namespace.ip("link set lo up");
        namespace
    }

    /// Returns the name of the namespace, as `ip netns exec` takes it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `ip` in the namespace with the blank-separated `words`. Returns what it printed.
    ///
    /// # Panics
    /// When `ip` fails.
    pub fn ip(&self, words: &str) -> String {
        let mut args = vec!["-n", self.name.as_str()];
        args.extend(words.split_whitespace());
        ip(&args)
    }

    /// Writes `/proc/sys/net/KEY` of the namespace.
    pub fn sysctl(&self, key: &str, value: &str) {
        let path = format!("/proc/sys/net/{key}");
        self.enter(|| fs::write(&path, value).unwrap_or_else(|error| panic!("{path}: {error}")));
    }

    /// Runs `work` in the namespace. Sockets that it opens stay in the namespace.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let file = File::open(self.path()).expect("the namespace is there");
        std::thread::scope(|scope| {
            let inside = scope.spawn(move || {
                // The thread ends with its work, so nothing else ever runs in the namespace.
                setns(&file, CloneFlags::CLONE_NEWNET).expect("setns");
                work()
            });
            inside
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Returns the path of the namespace's handle, for `setns(2)`.
    pub fn path(&self) -> PathBuf {
        PathBuf::from("/run/netns").join(&self.name)
    }

    /// Starts a program in the namespace.
    pub fn spawn(&self, argv: &[&str]) -> Process {
        Process::spawn(Some(self), argv)
    }

    /// Runs a program in the namespace to its end and returns its standard output.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn run(&self, argv: &[&str]) -> String {
        let output = command("ip")
            .args(["netns", "exec", &self.name])
            .args(argv)
            .output()
            .expect("ip runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{argv:?}: {}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// Returns the octets waiting in the receive queues of the namespace's UDP sockets, and the number of datagrams they dropped.
    pub fn udp_backlog(&self) -> (u64, u64) {
        let tables = self.enter(|| {
            ["/proc/thread-self/net/udp", "/proc/thread-self/net/udp6"]
                .map(|path| fs::read_to_string(path).unwrap_or_default())
        });
        let mut sums = (0, 0);
        for row in tables.iter().flat_map(|table| table.lines().skip(1)) {
            let words: Vec<&str> = row.split_whitespace().collect();
            let queue = words
                .get(4)
                .and_then(|queues| queues.split_once(':'))
                .map_or("0", |(_, receive)| receive);
            sums.0 += u64::from_str_radix(queue, 16).unwrap_or(0);
            sums.1 += words
                .last()
                .and_then(|drops| drops.parse::<u64>().ok())
                .unwrap_or(0);
        }
        sums
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = command("ip").args(["netns", "del", &self.name]).output();
    }
}

/// Joins `a`'s interface `a_name` with `b`'s `b_name` by a veth pair. Both are up; offloads are off, so that a capture shows
/// the packets as they were sent.
///
/// # Panics
/// When `ip` fails.
pub fn veth(a: &Namespace, a_name: &str, b: &Namespace, b_name: &str, mtu: u32) {
    let mtu = mtu.to_string();
    ip(&[
        "link",
        "add",
        a_name,
        "netns",
        a.name(),
        "mtu",
        &mtu,
        "type",
        "veth",
        "peer",
        "name",
        b_name,
        "netns",
        b.name(),
        "mtu",
        &mtu,
    ]);
    for (namespace, name) in [(a, a_name), (b, b_name)] {
        namespace.ip(&format!("link set {name} up"));
        let off = ["rx", "tx", "sg", "tso", "gso", "gro"];
        let mut argv = vec!["ethtool", "-K", name];
        argv.extend(off.iter().flat_map(|feature| [*feature, "off"]));
        // Some kernels cannot switch all of these on a veth; the tests that care compare with a tap.
        let _ = command("ip")
            .args(["netns", "exec", namespace.name()])
            .args(&argv)
            .output();
    }
}

#[track_caller]
fn ip(args: &[&str]) -> String {
    let output = command("ip").args(args).output().expect("ip runs");
    assert!(
        output.status.success(),
        "ip {}: {}",
        args.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Removes the namespaces of test processes that were killed before they could remove them.
fn sweep() {
    let Ok(entries) = fs::read_dir("/run/netns") else {
        return;
    };
    for name in entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
    {
        let owner = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').nth(1));
        if let Some(pid) = owner
            && !PathBuf::from("/proc").join(pid).exists()
        {
            let _ = command("ip").args(["netns", "del", &name]).output();
        }
    }
}

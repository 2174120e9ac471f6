//! A Debian 12 that boots: a container of systemd-nspawn over a root that mmdebstrap has made once.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::bins;
use crate::flowd::Said;
use crate::netns::Namespace;
use crate::process::Process;
use crate::skip::command;
use crate::wait::until;

/// What is needed to make one.
pub const TOOLS: &[&str] = &["mmdebstrap", "systemd-nspawn", "nsenter"];
/// What a small Debian has beside its essential packages, so that the package can be installed without a network.
const PACKAGES: &str = "systemd,systemd-sysv,dbus,iproute2,libpcap0.8,rsyslog,logrotate,procps";
/// How long a boot may take on a busy machine.
const BOOT: Duration = Duration::from_secs(120);

/// A container that runs. What is changed in it is gone with it.
pub struct Container {
    process: Process,
    /// The number of its first process on this host.
    init: u32,
}

/// Returns the root of a small Debian 12, which is made the first time and kept beside the built programs.
///
/// # Panics
/// When it cannot be made.
pub fn root() -> PathBuf {
    let built = bins::path("flowd");
    let target = built.ancestors().nth(2).expect("a target folder");
    let root = target.join("package-root");
    if root.join("made").exists() {
        return root;
    }
    let _ = fs::remove_dir_all(&root);
    let made = command("mmdebstrap")
        .args([
            "--mode=root",
            "--variant=minbase",
            "--include",
            PACKAGES,
            "bookworm",
        ])
        .arg(&root)
        .output()
        .expect("mmdebstrap runs");
    assert!(
        made.status.success(),
        "mmdebstrap: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    fs::write(root.join("made"), "").expect("the root");
    root
}

impl Container {
    /// Boots one in a network namespace; it sees the folder `shown` as `/shown`.
    ///
    /// # Panics
    /// When it does not boot.
    #[track_caller]
    pub fn boot(namespace: &Namespace, shown: &Path) -> Container {
        let process = Process::spawn(
            None,
            &[
                "systemd-nspawn",
                "--quiet",
                "--register=no",
                "--keep-unit",
                "--volatile=overlay",
                "--directory",
                root().to_str().expect("UTF-8"),
                &format!("--bind-ro={}:/shown", shown.display()),
                &format!("--network-namespace-path={}", namespace.path().display()),
                // A network namespace of its own, and the right to configure it, come together only when the container makes it.
                "--capability=CAP_NET_ADMIN",
                "--boot",
                "systemd.unified_cgroup_hierarchy=0",
            ],
        );
        let init = until("the container's first process", BOOT, || {
            let children = format!("/proc/{0}/task/{0}/children", process.id());
            let children = fs::read_to_string(children).ok()?;
            children.split_whitespace().next()?.parse().ok()
        });
        let container = Container { process, init };
        until("the container to boot", BOOT, || {
            let state = container.try_run("systemctl is-system-running").out;
            matches!(state.trim(), "running" | "degraded").then_some(())
        });
        container
    }

    /// Runs a line of shell in it.
    pub fn try_run(&self, line: &str) -> Said {
        let init = self.init.to_string();
        command("nsenter")
            .args(["--target", &init, "--all", "env", "-i"])
            .args([
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/root",
                "LC_ALL=C.UTF-8",
            ])
            .args(["DEBIAN_FRONTEND=noninteractive", "sh", "-c", line])
            .output()
            .expect("nsenter runs")
            .into()
    }

    /// Runs a line of shell in it that must succeed, and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn run(&self, line: &str) -> String {
        let said = self.try_run(line);
        assert!(
            said.code == 0,
            "{line}: exit {}\n{}{}",
            said.code,
            said.out,
            said.err
        );
        said.out
    }

    /// The number on this host of a service's main process.
    ///
    /// # Panics
    /// When it does not run.
    #[track_caller]
    pub fn process_of(&self, unit: &str) -> u32 {
        let inside = self.run(&format!("systemctl show -p MainPID --value {unit}"));
        let inside = inside.trim().to_owned();
        let ours = fs::read_link(format!("/proc/{}/ns/pid", self.init)).expect("it runs");
        let all = fs::read_dir("/proc").expect("/proc").flatten();
        let found = all.filter_map(|entry| {
            let number: u32 = entry.file_name().to_str()?.parse().ok()?;
            let space = fs::read_link(entry.path().join("ns/pid")).ok()?;
            let status = fs::read_to_string(entry.path().join("status")).ok()?;
            let numbers = status.lines().find(|line| line.starts_with("NSpid:"))?;
            let last = numbers.split_whitespace().last()?;
            (space == ours && last == inside).then_some(number)
        });
        found
            .last()
            .unwrap_or_else(|| panic!("{unit} does not run: {inside}"))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // systemd takes SIGRTMIN+4 for an orderly end; nothing here is worth the time.
        self.process.signal(Signal::SIGTERM);
        let _ = crate::wait::within(Duration::from_secs(10), || {
            (!self.process.running()).then_some(())
        });
    }
}

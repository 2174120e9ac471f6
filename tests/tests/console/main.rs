//! The shell on a pseudo-terminal with a real daemon: completion and `?`, IOS's and VyOS's modes, pastes, the pager, terminals that
//! are slow, narrow, dumb or closed, and concurrent sessions.

mod completion;
mod habits;
mod ios;
mod pager;
mod paste;
mod routers;
mod sessions;
mod terminals;

use flow_tests::netns::Namespace;
use flow_tests::pty::Pty;
use flow_tests::{Flowd, bins, skip};

const TOOLS: &[&str] = &["ip", "stty"];

/// A daemon on a host with two interfaces.
struct Bench {
    flowd: Flowd,
    host: Namespace,
}

impl Bench {
    /// Starts the daemon; `None` if the test cannot run on this machine.
    fn new(test: &str, configuration: &str) -> Option<Bench> {
        if !skip::able(test, TOOLS) {
            return None;
        }
        let host = Namespace::new("console");
        host.ip("link add eth0 type veth peer name eth1");
        let flowd = Flowd::start(&host);
        if !configuration.is_empty() {
            flowd.configure(configuration);
        }
        Some(Bench { flowd, host })
    }

    /// Starts the shell on a terminal and waits for its first prompt.
    fn shell(&self) -> Pty {
        let mut shell = self.spawn(&[], 120, 40);
        shell.expect("> $");
        shell
    }

    /// Starts the shell on a terminal with these environment variables (`NAME=value`, or `-u` and a name to unset).
    fn spawn(&self, variables: &[&str], columns: u16, rows: u16) -> Pty {
        let (shell, socket) = (bins::program("flowsh"), self.flowd.socket());
        let home = format!("HOME={}", socket.parent().expect("a folder").display());
        let mut argv = vec!["env", "-u", "NO_COLOR", "-u", "XDG_STATE_HOME"];
        argv.extend(variables);
        argv.push(&home);
        let socket = socket.to_str().expect("UTF-8").to_owned();
        argv.extend([shell.as_str(), "--socket", &socket]);
        Pty::spawn_sized(&argv, columns, rows)
    }
}

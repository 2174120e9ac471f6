//! Libraries that automate routers, as PyPI has them, over a real sshd whose sessions are flowsh.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use flow_tests::flowd::Said;
use flow_tests::process::Process;
use flow_tests::{Flowd, Namespace, bins, skip, until, wait::SOON};

/// `tests/run` installs netmiko and NAPALM into the virtual environment of `openapi-python-client`.
const TOOLS: &[&str] = &["ip", "sshd", "ssh-keygen", "netmiko-show"];

/// A namespace with flowd and an sshd that lets root in by key and starts flowsh.
struct Appliance {
    namespace: Namespace,
    flowd: Flowd,
    _sshd: Process,
    folder: tempfile::TempDir,
}

impl Appliance {
    fn start(name: &str) -> Appliance {
        let namespace = Namespace::new(name);
        let flowd = Flowd::start(&namespace);
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for key in ["host", "user"] {
            let made = skip::command("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f", &file(key)])
                .status();
            assert!(made.unwrap().success());
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let shell = format!(
            "{} --socket {}",
            bins::program("flowsh"),
            flowd.socket().display()
        );
        let config = format!(
            "Port 22\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PermitRootLogin prohibit-password\nPidFile none\nForceCommand {shell}\n",
            file("host"),
            file("user.pub"),
        );
        fs::write(file("config"), config).unwrap();
        fs::create_dir_all("/run/sshd").unwrap();
        let program = skip::find("sshd").unwrap();
        let sshd = namespace.spawn(&[program.to_str().unwrap(), "-D", "-e", "-f", &file("config")]);
        until("sshd listens", SOON, || {
            sshd.output().contains("Server listening").then_some(())
        });
        Appliance {
            namespace,
            flowd,
            _sshd: sshd,
            folder,
        }
    }

    /// Runs a script of this folder in the namespace with the path of the key.
    fn run(&self, script: &str) -> Said {
        let python = skip::find("netmiko-show")
            .expect("it is installed")
            .with_file_name("python3");
        let script = bins::workspace()
            .join("tests/tests/automation_libraries")
            .join(script);
        skip::command("ip")
            .args(["netns", "exec", self.namespace.name()])
            .arg(python)
            .arg(script)
            .arg(self.folder.path().join("user"))
            .output()
            .unwrap()
            .into()
    }
}

#[test]
fn drivers_of_netmiko_and_napalm_configure_save_and_show() {
    if !skip::able("netmiko and NAPALM over ssh", TOOLS) {
        return;
    }
    let scripts = [
        (
            "by_netmiko_ios.py",
            "set flow exporter NOC destination 192.0.2.1",
        ),
        (
            "by_netmiko_vyos.py",
            "set flow exporter VYOS destination 192.0.2.2",
        ),
        (
            "by_napalm_ios.py",
            "set flow exporter NAPALM destination 192.0.2.3",
        ),
        (
            "by_napalm_vyos.py",
            "set flow exporter BERRY destination 192.0.2.4",
        ),
    ];
    // Libraries wait a lot: all at once.
    std::thread::scope(|scope| {
        for (script, wanted) in scripts {
            scope.spawn(move || drives(script, wanted));
        }
    });
}

/// Runs a script and asserts that it configured what it should.
fn drives(script: &str, wanted: &str) {
    let appliance = Appliance::start(&script.replace(['_', '.'], "-"));
    let said = appliance.run(script);
    assert!(
        said.code == 0 && said.out.ends_with("done\n"),
        "{script}: {}{}",
        said.out,
        said.err
    );
    let running = appliance.flowd.ok(&["show configuration commands"]);
    assert!(running.contains(wanted), "{script}: {running}");
}

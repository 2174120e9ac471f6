//! A client of the management API with a user and groups of its own: `curl` started by `setpriv`.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::skip::command;

/// The programs that a [`Client`] needs.
pub const TOOLS: [&str; 3] = ["curl", "setpriv", "unshare"];
/// The number of the group `flowd-admin`, whose members may configure, in [`GROUP_FILE`].
pub const ADMIN: u32 = 64_001;
/// The number of the group `flowd`, whose members may only show, in [`GROUP_FILE`].
pub const OPERATOR: u32 = 64_002;
/// A group file with both groups, because the host that runs the tests may have neither.
pub const GROUP_FILE: &str = "root:x:0:\nflowd-admin:x:64001:\nflowd:x:64002:\n";

/// A user who sends requests to the management socket.
pub struct Client {
    uid: u32,
    groups: String,
    socket: PathBuf,
}

/// Returns the words to put before a command line so that the program sees the file at `path` as its `/etc/group`.
pub fn with_groups(path: &str) -> Vec<String> {
    let script = format!("mount --bind {path} /etc/group && exec \"$@\"");
    ["unshare", "--mount", "sh", "-c", &script, "sh"]
        .map(str::to_owned)
        .into()
}

impl Client {
    /// Makes a client that runs under this user number, and in these groups besides the user's own.
    pub fn new(socket: &Path, uid: u32, groups: &[u32]) -> Client {
        let mut all: Vec<String> = groups.iter().map(u32::to_string).collect();
        all.push(uid.to_string());
        Client {
            uid,
            groups: all.join(","),
            socket: socket.to_owned(),
        }
    }

    /// Sends one request. Returns the status and the body, or JSON `null` for a body that is not JSON.
    ///
    /// # Panics
    /// When the daemon does not answer.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: Option<&Json>) -> (u16, Json) {
        let uid = self.uid.to_string();
        let mut curl = command("setpriv");
        curl.args(["--reuid", &uid, "--regid", &uid, "--groups", &self.groups]);
        curl.args(["curl", "--silent", "--show-error", "--max-time", "30"]);
        curl.args(["--write-out", "\n%{http_code}", "--request", method]);
        curl.arg("--unix-socket").arg(&self.socket);
        if let Some(body) = body {
            curl.args(["--data", &body.to_string()]);
        }
        curl.arg(format!("http://flowd{path}"));
        let output = curl.output().expect("curl runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let (body, status) = text.rsplit_once('\n').unwrap_or_default();
        let status = status.parse().unwrap_or(0);
        assert!(
            output.status.success() && status > 0,
            "{method} {path}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        (status, serde_json::from_str(body).unwrap_or(Json::Null))
    }
}

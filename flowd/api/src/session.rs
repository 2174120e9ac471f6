//! Sessions: each has a candidate configuration, which starts as the running one and is edited and committed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Refusal;
use crate::value::Time;
use crate::word::words;

/// The sessions that are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sessions {
    /// The sessions.
    pub sessions: Vec<Session>,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// The session's identifier.
    pub session: String,
    /// The user who began it.
    pub user: String,
    /// The program by which it was begun, such as `cli`.
    pub via: String,
    /// Where the user came from, such as the address of an SSH client; missing where that was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When it was begun.
    pub started: Time,
    /// Whether the candidate differs from the configuration it started from.
    pub changed: bool,
    /// Seconds since its last request.
    pub idle_seconds: u64,
    /// Since when nobody else may change anything; null unless the session configures exclusively.
    pub exclusive: Option<Time>,
}

words! {
    /// How long a session keeps all others from changing anything.
    pub enum Exclusive "kind of exclusive session" {
        /// As long as there is the session.
        Session = "session",
        /// As long as there is the session and the connection on which it was begun.
        Connection = "connection",
    }

    /// A form in which a configuration is written.
    pub enum Dialect "dialect" {
        /// Braces, as VyOS and Junos write a configuration.
        Curly = "curly",
        /// `set` and `delete` lines.
        Set = "set",
        /// Lines as IOS writes them.
        Ios = "ios",
        /// JSON.
        Json = "json",
    }

    /// How a text meets the candidate.
    pub enum EditMode "mode" {
        /// The text is added; single values are replaced.
        Merge = "merge",
        /// The nodes that the text names are replaced, the others stay.
        Replace = "replace",
        /// The text becomes all of the candidate.
        Override = "override",
    }

    /// The parts of a router's configuration that are read from it.
    pub enum Parts "parts" {
        /// Flow records, exporters, monitors, samplers, samplicators and their interfaces, flow accounting, sFlow, syslog hosts.
        Flow = "flow",
        /// These, and the host's name, users and addresses.
        FlowAndHost = "flow-and-host",
    }

    /// What an impact is about.
    pub enum ImpactKind "kind of impact" {
        /// A flow exporter and its socket.
        Exporter = "exporter",
        /// A template of an exporter.
        Template = "template",
        /// A capture ring of an interface.
        Ring = "ring",
        /// A monitor's cache on an interface.
        Cache = "cache",
        /// A listening socket.
        Listener = "listener",
        /// A receiver of a samplicator.
        Receiver = "receiver",
        /// Memory of rings and caches.
        Memory = "memory",
    }

    /// What a commit does to the subject of an impact.
    pub enum ImpactAction "action" {
        /// Opened.
        Open = "open",
        /// Replaced by another one.
        Reopen = "reopen",
        /// Closed.
        Close = "close",
        /// Begun anew with sequence number 0.
        Restart = "restart",
        /// Kept as it is.
        Keep = "keep",
        /// Emptied by exporting its flows, and begun anew.
        Rebuild = "rebuild",
        /// Made.
        Make = "make",
        /// Ended.
        Drop = "drop",
        /// Sent.
        Send = "send",
        /// Withdrawn.
        Withdraw = "withdraw",
        /// Expected to be needed.
        Expect = "expect",
    }
}

/// Begins a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// The program that begins it, at most 32 characters; `api` where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Where the user came from, such as the address of an SSH client, at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whether the session ends with the connection on which it is begun; otherwise when it was idle for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_connection: Option<bool>,
    /// How long nobody else may change anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusive: Option<Exclusive>,
}

/// A session that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Begun {
    /// The session's identifier, which the routes below `/v1/sessions/` take.
    pub session: String,
}

/// Reads a text into the candidate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The text: `set` and `delete` lines, or a configuration.
    pub text: String,
    /// The text's dialect; told from the text where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// How the text meets the candidate; `merge` where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<EditMode>,
    /// The edit level: the words of the node that the text is relative to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// Whether what is right is kept when something else is wrong; then the answer has what was wrong. Without it, nothing is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Reads only these parts, from the configuration of any router, and leaves the rest of the text out. What the text names replaces what
    /// the candidate has of that name, or with mode `merge` is added to it. The edit level is the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
}

/// Lines of a text that were not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// The first line, from 1.
    pub line: u32,
    /// The number of lines.
    pub lines: u32,
    /// The section that they are of, such as `router bgp`.
    pub section: String,
}

/// What an edit changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// The number of nodes and values that were added or removed.
    pub changes: u64,
    /// What was understood and is still worth telling: words of other releases and routers with what they are here, deletions of what is
    /// not there, interface names that were guessed. They are no errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<Refusal>>,
    /// What was wrong with a text of which the rest was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    /// The number of further wrong statements.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refused_more: u64,
    /// Lines that were not read: those below a wrong statement, and those of other parts than the ones asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What committing the candidate would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// What this host does not apply of the configuration, a line each.
    pub warnings: Vec<String>,
    /// What happens to what runs.
    pub impact: Vec<Impact>,
}

/// One thing that a commit does to what runs. The numbers that are present depend on the kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Impact {
    /// What it is about.
    pub kind: ImpactKind,
    /// What happens to it.
    pub action: ImpactAction,
    /// Where it is configured, as words from the root.
    pub path: Vec<String>,
    /// The same in a sentence.
    pub text: String,
    /// Fields of the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<u64>,
    /// Flows in the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flows: Option<u64>,
    /// Octets of memory afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub octets: Option<u64>,
    /// Octets of memory before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub octets_before: Option<u64>,
    /// Sockets that are opened or closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sockets: Option<u64>,
    /// The template's identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<u64>,
}

impl Impact {
    /// An impact without numbers.
    pub fn new(
        kind: ImpactKind,
        action: ImpactAction,
        path: &[&str],
        text: impl Into<String>,
    ) -> Impact {
        Impact {
            kind,
            action,
            path: path.iter().map(|word| (*word).to_owned()).collect(),
            text: text.into(),
            fields: None,
            flows: None,
            octets: None,
            octets_before: None,
            sockets: None,
            template: None,
        }
    }
}

/// Puts the candidate into force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// A line for the revision, at most 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Minutes, 1 to 65535, after which the commit is rolled back unless it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_minutes: Option<u64>,
    /// When to commit, as HH:MM or YYYY-MM-DD HH:MM by the host's clock; at once where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// What a commit did, or will do at its time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Committed {
    /// The identifier of the new revision; null when there was nothing to commit or the commit waits for its time.
    pub revision: Option<u64>,
    /// What this host does not apply of the configuration, a line each.
    pub warnings: Vec<String>,
    /// What happened to what runs.
    pub impact: Vec<Impact>,
    /// Seconds within which the commit is to be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_seconds: Option<u64>,
    /// When it will be committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Time>,
}

/// Makes a revision the candidate. Either member says which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// How many revisions are newer than it; 0 is the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The revision's identifier, which never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
}

crate::route::routes! {
    /// The sessions.
    SESSIONS: Get<Nothing, Sessions> = Get "/v1/sessions";
    /// Begins a session: its candidate starts as the running configuration.
    BEGIN_SESSION: Post<Begin, Begun> = Post "/v1/sessions";
    /// Ends a session; its candidate is gone.
    END_SESSION: Delete = Delete "/v1/sessions/{id}";
    /// Reads a text into the candidate; path is the edit level.
    EDIT: Post<Edit, Changes> = Post "/v1/sessions/{id}/edit";
    /// Validates the candidate as a commit would, and changes nothing.
    CHECK: Post<Nothing, Checked> = Post "/v1/sessions/{id}/check";
    /// Puts the candidate into force. With confirm_minutes it is rolled back unless confirmed; with at it is checked now
    /// and committed then. The answer's revision is null when there was nothing to commit.
    COMMIT: Post<Commit, Committed> = Post "/v1/sessions/{id}/commit";
    /// Makes the candidate the running configuration again.
    DISCARD: Post<Nothing, Nothing> = Post "/v1/sessions/{id}/discard";
    /// Makes a revision the candidate.
    ROLLBACK: Post<Rollback, Changes> = Post "/v1/sessions/{id}/rollback";
    /// Cancels the commit that is scheduled; its changes are gone.
    CLEAR_COMMIT: Post<Nothing, Nothing> = Post "/v1/clear/commit";
    /// Keeps the commit that waits for confirmation.
    CONFIRM: Post<Nothing, Nothing> = Post "/v1/confirm";
}

//! Configurations as text or tree, what differs between two, and the revisions that were committed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::session::Dialect;
use crate::value::Time;
use crate::word::words;

words! {
    /// How differences are written.
    pub enum DiffFormat "format" {
        /// Lines with `+` and `-`.
        Diff = "diff",
        /// The `set` and `delete` lines that lead from one to the other.
        Set = "set",
        /// The whole newer one in braces, with `+`, `-` and `>` before the lines that differ, as VyOS shows a candidate.
        Marks = "marks",
    }
}

/// Which configuration to show, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowConfiguration {
    /// `running`, `candidate` (of the session), `scheduled`, a revision's identifier as `@14`, or
    /// how many revisions are newer than it, 0 being the newest; default `running`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The session whose candidate is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The dialect; default `curly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Dialect>,
    /// Only what is at and below these words, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Secrets as they are, not masked; administrators only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<bool>,
}

/// A configuration: its text, or with `format=json` its tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Configuration {
    /// The configuration as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The configuration as a tree: an object for each node, the values of a leaf in an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<Map<String, Value>>,
}

/// Which two configurations to compare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// The older one: `running`, `candidate` (of the session), `scheduled`, or a revision as `@14` or `0`; default `running`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The newer one; default the session's candidate, or `running` without a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The session whose candidate is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// How the differences are written; default `diff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DiffFormat>,
    /// With `marks`: only what is at and below these words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
}

/// Compares a text with another configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareText {
    /// A configuration in any dialect.
    pub text: String,
    /// The older one: `text`, `running`, `candidate`, `scheduled`, or a revision as `@14` or `0`; default `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The newer one; default `candidate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How the differences are written; default `diff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DiffFormat>,
}

/// Differences as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// The text; empty where nothing differs.
    pub text: String,
}

/// The committed configurations, and the commits that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revisions {
    /// The revisions, newest first.
    pub revisions: Vec<Revision>,
    /// The commit that waits for its time, or could not be carried out then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Scheduled>,
    /// The newest revision waits for confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
    /// What became of copies to archives, once there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archive>,
}

/// A committed configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// How many revisions are newer than it; 0 is the newest. It is another one after the next commit.
    pub revision: u64,
    /// The revision's identifier, which never changes.
    pub id: u64,
    /// When it was committed.
    pub time: Time,
    /// The user who committed it.
    pub user: String,
    /// The program by which it was committed.
    pub via: String,
    /// The committer's line.
    pub comment: String,
    /// The SHA-256 of its content, hexadecimal.
    pub hash: String,
}

/// A commit that waits for its time, or why it was not carried out then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scheduled {
    /// When it is carried out.
    pub at: Time,
    /// When it was scheduled.
    pub made: Time,
    /// The user who scheduled it.
    pub user: String,
    /// The program by which it was scheduled.
    pub via: String,
    /// The committer's line.
    pub comment: String,
    /// Why it was not carried out, a line each; empty while it waits.
    pub failed: Vec<String>,
}

/// The newest revision is rolled back unless it is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confirm {
    /// Seconds that are left.
    pub seconds: u64,
}

/// What became of the copies of revisions that go to archives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Archive {
    /// Copies that were written.
    pub written: u64,
    /// Copies that could not be written.
    pub failed: u64,
    /// Copies that were given up because too many waited.
    pub dropped: u64,
    /// Why the last copy that failed did.
    pub last_failure: Option<String>,
}

crate::route::routes! {
    /// What differs between two configurations, one of which is the body's text.
    COMPARE_TEXT: Post<CompareText, Text> =
        Post "/v1/sessions/{id}/compare";
    /// A configuration: its text, or with format=json its tree. Secrets are masked.
    CONFIGURATION: Get<ShowConfiguration, Configuration> =
        Get "/v1/configuration";
    /// What differs between two configurations.
    COMPARE: Get<Compare, Text> = Get "/v1/compare";
    /// The committed configurations, newest first, and the commits that wait.
    REVISIONS: Get<Nothing, Revisions> = Get "/v1/revisions";
}

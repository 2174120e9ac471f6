//! Completion of a command line, for Tab and `?`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::word::words;

words! {
    /// Where a line is typed.
    pub enum CommandMode "mode" {
        /// Operational mode: commands that show and clear.
        Operational = "operational",
        /// Configuration mode.
        Configuration = "configuration",
    }
}

/// A line and where it is typed. Positions are octets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteQuery {
    /// The line.
    #[serde(default)]
    pub line: String,
    /// Where in the line completion is asked for; default its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
    /// Where the line is typed; default `operational`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<CommandMode>,
    /// The IOS submode, such as `flow-record`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submode: Option<String>,
    /// The IOS line that opened the submode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opener: Option<String>,
    /// The session whose candidate is edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The words of the edit level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub level: Vec<String>,
}

/// What can follow a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Completion {
    /// The octet of the line where the word begins that the candidates are for.
    pub start: u64,
    /// What can be typed there.
    pub candidates: Vec<Candidate>,
    /// Whether the line may end before that word.
    pub end: bool,
    /// What the leaf is set to whose value can be typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// Whether names of files can follow, too.
    pub files: bool,
}

/// One thing that can be typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// A word, or a placeholder such as `<1-65535>`.
    pub text: String,
    /// One line of help, with range, unit and default.
    pub help: String,
    /// Whether the text is a word as it is typed, not a placeholder.
    pub literal: bool,
    /// What is below the word: `>` words, `+` several values, `+>` names with words; missing otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mark: String,
    /// Whether the node above is refused without it; missing where not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mandatory: bool,
    /// What the leaf is set to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
}

crate::route::routes! {
    /// What can follow a line, for Tab and ?; positions are octets.
    COMPLETE: Get<CompleteQuery, Completion> = Get "/v1/complete";
}

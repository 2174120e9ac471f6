//! JSON text that a program reads: answers as they came, and values that the shell makes of them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A JSON value as text on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonText(String);

impl JsonText {
    /// The daemon's text, which has been read as JSON.
    pub(crate) fn received(text: String) -> JsonText {
        JsonText(text)
    }

    /// The text of a value.
    pub(crate) fn of(value: &impl Serialize) -> JsonText {
        // Only a value whose keys are no text fails, and there is none in the shell.
        JsonText(serde_json::to_string(value).unwrap_or_else(|_| "{}".into()))
    }

    /// Reads the value.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.0)
    }

    /// The value on one line.
    pub(crate) fn line(&self) -> &str {
        &self.0
    }

    /// The value on lines of its own, indented.
    pub(crate) fn pretty(&self) -> String {
        let value: Result<Value, _> = serde_json::from_str(&self.0);
        value
            .and_then(|value| serde_json::to_string_pretty(&value))
            .unwrap_or_else(|_| self.0.clone())
    }
}

//! Changes of the configuration in force, and what they do to the templates.

use crate::settings::{Monitor, Settings};
use crate::socket::Prepared;

/// A change of exporters and monitors, for [`crate::Worker::change`].
#[derive(Debug, Default)]
pub struct Change {
    /// Exporters that are new or have changed. One without a socket keeps the socket that it has; see [`Settings::same_socket`].
    pub exporters: Vec<(Settings, Option<Prepared>)>,
    /// Names of removed exporters.
    pub gone: Vec<String>,
    /// Monitors that are new or have changed.
    pub monitors: Vec<Monitor>,
    /// Names of removed monitors.
    pub gone_monitors: Vec<String>,
}

/// All exporters and monitors, for [`crate::Worker::apply`].
#[derive(Debug, Default)]
pub struct Plan {
    /// The exporters. One without a socket keeps the socket that it has; see [`Settings::same_socket`].
    pub exporters: Vec<(Settings, Option<Prepared>)>,
    /// The monitors.
    pub monitors: Vec<Monitor>,
}

/// A template of an exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The exporter's name.
    pub exporter: String,
    /// The monitor's name, or the options table's.
    pub client: String,
    /// Its identifier.
    pub id: u16,
    /// Fields of a record, scopes included.
    pub fields: usize,
}

/// A template that a change sends or withdraws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateStep {
    /// The template is new, or uses an identifier that had another meaning.
    Send(Template),
    /// The template is not used any more.
    Withdraw(Template),
}

impl TemplateStep {
    /// The exporter's name.
    pub fn exporter(&self) -> &str {
        match self {
            TemplateStep::Send(template) | TemplateStep::Withdraw(template) => &template.exporter,
        }
    }
}

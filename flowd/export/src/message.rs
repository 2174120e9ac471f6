//! Messages to the export thread.

use std::sync::Arc;

use flow::{Batch, RecordTally};
use mailbox::Reply;

use crate::change::{Change, TemplateStep};
use crate::lane::{Lane, Lanes};
use crate::statistics::{ExporterStatistics, Retired};

/// A message to the export thread, handled in the order they were sent.
#[derive(Debug)]
pub(crate) enum Message {
    Batch {
        batch: Arc<Batch>,
        tally: RecordTally,
        lanes: Lanes,
    },
    Apply {
        change: Box<Change>,
        users: Users,
        done: Reply<Vec<Retired>>,
    },
    Preview {
        change: Box<Change>,
        users: Users,
        done: Reply<Vec<TemplateStep>>,
    },
    Statistics {
        /// Whether with templates.
        templates: bool,
        done: Reply<Vec<ExporterStatistics>>,
    },
    Clear {
        exporter: String,
        done: Reply<bool>,
    },
    Replay {
        exporter: String,
        done: Reply<Option<bool>>,
    },
    Flush(Reply<()>),
    Ping(Reply<()>),
    Stop,
}

/// The exporters whose monitors have changed, each with the lanes that it has now.
pub(crate) type Users = Vec<(String, Vec<Arc<Lane>>)>;

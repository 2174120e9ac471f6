//! `monitor flow monitor`: the largest flows of a monitor, live.

use api::flow::{MonitorTop, TopMeasure};
use api::query::TopQuery;
use api::routes;

use super::Shell;
use crate::screen::{self, View};
use crate::trouble::Failure;

/// The number of rows that are shown where there is no screen to fill.
const ROWS: usize = 10;
/// The number of rows for headings and for the lines below the table.
const OTHER_ROWS: usize = 8;

/// The live table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Talkers {
    monitor: String,
    by: TopMeasure,
    /// The reading of the last frame, since which rates are.
    after: Option<String>,
}

impl Talkers {
    pub(super) fn new(monitor: String) -> Talkers {
        Talkers {
            monitor,
            by: TopMeasure::Bytes,
            after: None,
        }
    }

    /// Asks for up to `top` rows and how much they moved since the last time.
    pub(super) fn ask(&mut self, shell: &mut Shell, top: usize) -> Result<MonitorTop, Failure> {
        let query = TopQuery {
            by: Some(self.by),
            top: Some(top as u64),
            scaled: Some(true),
            after: self.after.take(),
        };
        let route = routes::MONITOR_TOP;
        let answer = shell.client.get(route, &[&self.monitor], &query)?.answer;
        self.after = Some(answer.next.clone());
        Ok(answer)
    }

    /// Returns the text of the next frame. `rows` are those of the screen, if it is one.
    pub(super) fn frame(
        &mut self,
        shell: &mut Shell,
        rows: Option<usize>,
        view: &View,
    ) -> Result<String, Failure> {
        let most = rows.map_or(ROWS, |rows| rows.saturating_sub(OTHER_ROWS).max(1));
        let mut answer = self.ask(shell, most)?;
        loop {
            let text = screen::talkers(&answer, true, view);
            // Rows that are folded take two lines.
            if rows.is_none_or(|rows| text.lines().count() <= rows) || answer.rows.len() < 2 {
                return Ok(text);
            }
            answer.rows.truncate(answer.rows.len() / 2);
        }
    }

    /// Sorts by what a key stands for. Returns false where it stands for nothing.
    pub(super) fn key(&mut self, key: char) -> bool {
        self.by = match key {
            'b' => TopMeasure::Bytes,
            'p' => TopMeasure::Packets,
            'f' => TopMeasure::Flows,
            _ => return false,
        };
        true
    }
}

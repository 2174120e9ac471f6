//! `monitor flow-accounting`: the flows that move most, live.

use api::flow::{AccountingRates, RateOrder};
use api::query::AccountingRatesQuery;
use api::routes;

use super::Shell;
use crate::screen::{self, View};
use crate::trouble::Failure;

/// The number of flows that are shown where there is no screen to fill.
const ROWS: usize = 10;
/// The number of rows for headings and for the line about the keys.
const OTHER_ROWS: usize = 5;

/// The live table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Top {
    /// The only interface that is shown; `None` for all.
    interface: Option<String>,
    order: RateOrder,
    /// The reading of the last frame, since which rates are.
    after: Option<String>,
    /// The interfaces of the last frame, each of which takes a row.
    interfaces: usize,
}

impl Top {
    pub(crate) fn new(interface: Option<String>) -> Top {
        Top {
            interface,
            order: RateOrder::Bits,
            after: None,
            interfaces: 1,
        }
    }

    /// Asks for up to `top` flows and how much they moved since the last time.
    pub(super) fn ask(
        &mut self,
        shell: &mut Shell,
        top: usize,
    ) -> Result<AccountingRates, Failure> {
        let query = AccountingRatesQuery {
            interface: self.interface.clone(),
            sort: Some(self.order),
            top: Some(top as u64),
            after: self.after.take(),
        };
        let rates = shell
            .client
            .get(routes::ACCOUNTING_RATES, &[], &query)?
            .answer;
        self.after = Some(rates.next.clone());
        self.interfaces = rates.interfaces.len();
        Ok(rates)
    }

    /// Forgets the answer before, so that the next one has no rates.
    pub(super) fn forget(&mut self) {
        self.after = None;
    }

    /// Returns the text of the next frame. `rows` are those of the screen, if it is one.
    pub(super) fn frame(
        &mut self,
        shell: &mut Shell,
        rows: Option<usize>,
        view: &View,
    ) -> Result<String, Failure> {
        let room = |rows: usize| rows.saturating_sub(OTHER_ROWS + self.interfaces).max(1);
        let mut rates = self.ask(shell, rows.map_or(ROWS, room))?;
        loop {
            let text = screen::top(&rates, rows.map(|_| self.order), view);
            // Rows that are folded take two lines.
            if rows.is_none_or(|rows| text.lines().count() <= rows) || rates.flows.len() < 2 {
                return Ok(text);
            }
            rates.flows.truncate(rates.flows.len() / 2);
        }
    }

    /// Sorts by what a key stands for. Returns false where it stands for nothing.
    pub(super) fn key(&mut self, key: char) -> bool {
        self.order = match key {
            'b' => RateOrder::Bits,
            'p' => RateOrder::Packets,
            't' => RateOrder::Total,
            _ => return false,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort() {
        let mut top = Top::new(Some("eth1".into()));
        assert!(top.key('p') && top.key('t') && top.key('b'));
        assert!(!top.key('x'));
    }
}

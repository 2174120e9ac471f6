//! When templates and options tables are sent, and how.

use super::{DATAGRAMS_PER_REFRESH, Delivery, OLDEST, OLDEST_AWAY, Stream, due};
use crate::template::Template;

impl Stream {
    pub(super) fn refresh_due(&self, now_ns: u64) -> bool {
        if self.delivery != Delivery::Datagrams {
            return false;
        }
        // One datagram early, because a template that is new may fill up a datagram before its records.
        let since = self.packer.exported().datagrams - self.refreshed_at + 1;
        let oldest = if self.away { OLDEST_AWAY } else { OLDEST };
        since >= DATAGRAMS_PER_REFRESH
            || due(now_ns, self.refreshed_ns, self.template_timeout.min(oldest))
    }

    /// Writes every template, every options template, and the rows of the tables that go with them.
    pub(super) fn refresh(&mut self, now_ns: u64) {
        self.refreshed_ns = Some(now_ns);
        self.refreshed_at = self.packer.exported().datagrams;
        let session = self.delivery != Delivery::Datagrams;
        let stay = |template: &&mut Template| session || !template.leaving;
        for template in self.templates.iter_mut().filter(stay) {
            template.announce(&mut self.packer, now_ns);
        }
        for table in 0..self.tables.len() {
            match self.tables[table].kind.sent_with_templates() || self.table_due(table, now_ns) {
                true => self.send_table(table, now_ns),
                false => self.announce_table(table, now_ns),
            }
        }
    }

    pub(super) fn table_due(&self, table: usize, now_ns: u64) -> bool {
        let table = &self.tables[table];
        table
            .timeout
            .is_some_and(|timeout| due(now_ns, table.sent_ns, timeout))
    }

    pub(super) fn announce_table(&mut self, table: usize, now_ns: u64) {
        let table = &self.tables[table];
        // A template longer than a datagram cannot be sent; then neither can its rows.
        let _ = self.packer.put(now_ns, |sets| {
            sets.options_template(table.id, &table.scopes, &table.fields)
        });
    }

    /// Writes the table's template and its rows.
    pub(super) fn send_table(&mut self, table: usize, now_ns: u64) {
        let (source_id, exported) = (self.packer.source_id(), self.packer.exported());
        let first = self.tables[table].sent_ns.replace(now_ns).is_none();
        let rows = self.facts.rows(&self.tables[table], source_id, exported);
        if first || self.delivery == Delivery::Datagrams {
            self.announce_table(table, now_ns);
        }
        for row in &rows {
            // nfdump 1.7.1 reads only the first sampler of a set, and takes interface rows to be shorter than
            // theirs: each has a set of its own.
            self.packer.end_set();
            if let Ok(place) = self
                .packer
                .records(self.tables[table].id, row.len(), 1, now_ns)
            {
                place.copy_from_slice(row);
            }
        }
    }
}

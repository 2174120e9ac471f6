//! Ended flows of a monitor, collected in batches for the exporters.

use std::collections::VecDeque;
use std::sync::Arc;

use flow::{Batch, Flow, Layout};

/// Flows in a full batch.
const BATCH: usize = 256;
/// Most batches remembered for reuse.
const MAX_LENT: usize = 32;

/// Batches being filled, and batches ready for export.
#[derive(Default)]
pub(crate) struct Outbox {
    filling: [Option<Batch>; 2],
    ready: Vec<Arc<Batch>>,
    /// Batches handed on, oldest first. Once nobody else holds one any more, its memory is used again.
    lent: VecDeque<Arc<Batch>>,
}

impl Outbox {
    /// Adds a flow.
    #[inline]
    pub(crate) fn push(&mut self, layout: &Arc<Layout>, flow: &Flow<'_>) {
        let family = layout.family as usize;
        let batch =
            self.filling[family].get_or_insert_with(|| Batch::with_capacity(layout.clone(), BATCH));
        if batch.is_empty() {
            batch.reset(layout);
        }
        batch.push(*flow.totals, flow.octets);
        if batch.len() == BATCH {
            self.finish(family);
        }
    }

    /// Makes batches that are not full ready as well.
    pub(crate) fn seal(&mut self) {
        (0..self.filling.len()).for_each(|family| self.finish(family));
    }

    /// The batches that are ready, oldest first.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Arc<Batch>> {
        self.ready.drain(..)
    }

    fn finish(&mut self, family: usize) {
        let Some(batch) = self.filling[family]
            .as_mut()
            .filter(|batch| !batch.is_empty())
        else {
            return;
        };
        let mut oldest = self.lent.front_mut();
        let is_back = oldest.as_mut().is_some_and(|it| Arc::get_mut(it).is_some());
        let oldest = is_back.then(|| self.lent.pop_front()).flatten();
        let filled = match oldest {
            Some(mut shell) => {
                // The filled batch is moved into the returned allocation, whose old buffers are filled next.
                if let Some(inside) = Arc::get_mut(&mut shell) {
                    std::mem::swap(inside, batch);
                }
                batch.reset(&shell.layout);
                shell
            }
            None => {
                let next = Batch::with_capacity(batch.layout.clone(), BATCH);
                Arc::new(std::mem::replace(batch, next))
            }
        };
        if self.lent.len() < MAX_LENT {
            self.lent.push_back(filled.clone());
        }
        self.ready.push(filled);
    }
}

#[cfg(test)]
mod tests {
    use flow::{Record, Totals};
    use wire::Family;

    use super::*;

    fn fill(outbox: &mut Outbox, layout: &Arc<Layout>, packets: u64) {
        let octets = vec![packets as u8; layout.len()];
        let totals = Totals {
            packets,
            ..Totals::default()
        };
        for _ in 0..BATCH {
            outbox.push(
                layout,
                &Flow {
                    layout,
                    totals: &totals,
                    octets: &octets,
                },
            );
        }
    }

    fn packets(batch: &Batch) -> Vec<u64> {
        batch.iter().map(|flow| flow.totals.packets).collect()
    }

    #[test]
    fn room_is_used_again_when_nobody_has_it_and_not_before() {
        let record = Record::netflow_original();
        let [v4, v6] = record.layouts().map(Option::unwrap);
        let mut outbox = Outbox::default();
        fill(&mut outbox, &v4, 1);
        let first: Vec<_> = outbox.drain().collect();
        fill(&mut outbox, &v6, 2);
        let second: Vec<_> = outbox.drain().collect();
        // Held by somebody, so unchanged.
        assert_eq!(packets(&first[0]), vec![1; BATCH]);
        let address = Arc::as_ptr(&first[0]);
        drop(first);
        fill(&mut outbox, &v6, 3);
        let third: Vec<_> = outbox.drain().collect();
        assert_eq!(Arc::as_ptr(&third[0]), address);
        assert_eq!(packets(&third[0]), vec![3; BATCH]);
        assert_eq!(third[0].layout, v6);
        assert_eq!(packets(&second[0]), vec![2; BATCH]);
    }

    #[test]
    fn few_flows_are_ready_when_sealed_and_none_make_no_batch() {
        let layout = Record::netflow_original().layout(Family::V4).unwrap();
        let mut outbox = Outbox::default();
        outbox.seal();
        assert_eq!(outbox.drain().count(), 0);
        let totals = Totals::default();
        let octets = vec![0; layout.len()];
        let flow = Flow {
            layout: &layout,
            totals: &totals,
            octets: &octets,
        };
        outbox.push(&layout, &flow);
        outbox.seal();
        outbox.seal();
        assert_eq!(
            outbox.drain().map(|batch| batch.len()).collect::<Vec<_>>(),
            [1]
        );
    }
}

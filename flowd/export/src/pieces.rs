//! Pieces: a flow whose counters exceed the 32 bits of a record is sent in several records that add up to it. A collector that adds
//! delta counters up, as RFC 7011 means them, gets the right sum.

use flow::{Batch, Flow, Totals};

const MOST: u64 = u32::MAX as u64;

/// Whether the counters exceed 32 bits.
#[inline]
pub(crate) fn needed(totals: &Totals) -> bool {
    totals.packets > MOST || totals.octets > MOST
}

/// Cuts counters of 64 bits into records of 32 whose sums are the same.
pub(crate) fn of(totals: &Totals) -> impl Iterator<Item = (u32, u32)> + use<> {
    let (packets, octets) = (totals.packets, totals.octets);
    let count = packets.div_ceil(MOST).max(octets.div_ceil(MOST)).max(1);
    let share = move |sum: u64, i: u64| (sum / count + u64::from(i < sum % count)) as u32;
    (0..count).map(move |i| (share(packets, i), share(octets, i)))
}

/// One of the records that a flow is sent in when its counters exceed 32 bits.
pub(crate) struct Piece<'a> {
    pub(crate) flow: Flow<'a>,
    pub(crate) totals: Totals,
    /// 1 for the first piece of a flow.
    pub(crate) count: u64,
}

/// Cuts the flows of a batch into records whose counters have 32 bits.
pub(crate) fn split(batch: &Batch) -> Vec<Piece<'_>> {
    let mut pieces = Vec::with_capacity(batch.len() + 1);
    for flow in batch.iter() {
        let first = pieces.len();
        for (packets, octets) in of(flow.totals) {
            let totals = Totals {
                packets: packets.into(),
                octets: octets.into(),
                ..*flow.totals
            };
            let count = u64::from(pieces.len() == first);
            pieces.push(Piece {
                flow,
                totals,
                count,
            });
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_add_up() {
        for (packets, octets) in [
            (0, 0),
            (1, 40),
            (3, u64::from(u32::MAX)),
            (3, u64::from(u32::MAX) + 1),
            (1 << 33, 1 << 45),
            (u64::from(u32::MAX) * 3 + 1, 7),
        ] {
            let totals = Totals {
                packets,
                octets,
                ..Totals::default()
            };
            let sum = of(&totals).fold((0, 0), |(p, o), (packets, octets)| {
                (p + u64::from(packets), o + u64::from(octets))
            });
            assert_eq!(sum, (packets, octets));
            assert_eq!(needed(&totals), of(&totals).count() > 1);
        }
        assert_eq!(
            of(&Totals {
                packets: 1,
                octets: 1 << 33,
                ..Totals::default()
            })
            .count(),
            3
        );
    }
}

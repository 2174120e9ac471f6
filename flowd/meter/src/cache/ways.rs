//! Bidirectional flows (RFC 5103): a packet may be of a flow in its direction, or in the other.

use flow::reverse::Ways;
use wire::{Header, Span, at};

use super::Cache;
use crate::timeouts::Timeouts;

const FIN: u16 = 0x01;
const SYN_ACK: u16 = 0x12;
const TCP: u8 = 6;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
/// `biflowDirection` (element 239).
const INITIATOR: u8 = 1;
const REVERSE_INITIATOR: u8 = 2;

impl Cache {
    /// Its flows are bidirectional.
    pub fn is_bidirectional(&self) -> bool {
        self.layout.ways().is_some()
    }

    /// Counts a packet that answers a flow which is there. Returns whether there is one.
    pub(super) fn known_back(
        &mut self,
        header: &Header,
        time_ns: u64,
        timeouts: &Timeouts,
    ) -> bool {
        let back = turned(header);
        match self.find(self.key.hash::<false>(&back), &back) {
            Some(slot) => {
                self.count_way(slot, header, time_ns, timeouts, true);
                true
            }
            None => false,
        }
    }

    /// A flow was made by this packet: its direction is the packet's.
    pub(super) fn begin_ways(&mut self, slot: usize, header: &Header, time_ns: u64) {
        // A connection whose first packet seen is its answer was begun by the other side.
        let answer = header.protocol == TCP && header.tcp_flags & SYN_ACK == SYN_ACK;
        let ways = Ways {
            direction: if answer { REVERSE_INITIATOR } else { INITIATOR },
            start_ms: time_ns / 1_000_000,
            end_ms: time_ns / 1_000_000,
            forward_flags: header.tcp_flags,
            first_ns: time_ns,
            last_ns: time_ns,
            ..Ways::default()
        };
        self.write_ways(slot, &ways);
        self.slots[slot].totals.tcp_flags &= !FIN;
    }

    /// A packet of a flow that is there. Its totals are those of both directions; a FIN counts among them when both have one.
    pub(super) fn count_way(
        &mut self,
        slot: usize,
        header: &Header,
        time_ns: u64,
        timeouts: &Timeouts,
        back: bool,
    ) {
        let mut ways = self.ways(slot);
        let totals = &mut self.slots[slot].totals;
        let forward = totals.packets - ways.packets;
        if totals.packets == 0 {
            (totals.first_ns, totals.last_ns) = (time_ns, time_ns);
        }
        totals.packets += 1;
        totals.octets += u64::from(header.octets);
        totals.first_ns = totals.first_ns.min(time_ns);
        totals.last_ns = totals.last_ns.max(time_ns);
        let time_ms = time_ns / 1_000_000;
        if back {
            if ways.packets == 0 {
                (ways.start_ms, ways.end_ms) = (time_ms, time_ms);
            }
            ways.packets += 1;
            ways.octets += u64::from(header.octets);
            ways.start_ms = ways.start_ms.min(time_ms);
            ways.end_ms = ways.end_ms.max(time_ms);
            ways.flags |= header.tcp_flags as u8; // the low eight, as elsewhere
        } else {
            if forward == 0 {
                (ways.first_ns, ways.last_ns) = (time_ns, time_ns);
            }
            ways.first_ns = ways.first_ns.min(time_ns);
            ways.last_ns = ways.last_ns.max(time_ns);
            ways.forward_flags |= header.tcp_flags;
            // What is collected is of the packets forward.
            if forward == 0 {
                self.merge_first(slot, header);
            } else {
                self.merge(slot, header);
            }
        }
        self.write_ways(slot, &ways);
        let fin = ways.forward_flags & u16::from(ways.flags) & FIN;
        let news = (header.tcp_flags & !FIN | fin) & !self.slots[slot].totals.tcp_flags;
        if news != 0 {
            self.flagged(slot, news, timeouts);
        }
    }

    /// The flow was told of: what follows is counted from zero.
    pub(super) fn begin_ways_anew(&mut self, slot: usize) {
        if self.is_bidirectional() {
            let ways = Ways {
                direction: self.ways(slot).direction,
                ..Ways::default()
            };
            self.write_ways(slot, &ways);
        }
    }

    /// The clock was set.
    pub(super) fn shift_ways(&mut self, slot: usize, by_ns: i64) {
        if self.is_bidirectional() {
            let mut ways = self.ways(slot);
            for time_ns in [&mut ways.first_ns, &mut ways.last_ns] {
                *time_ns = time_ns.saturating_add_signed(by_ns);
            }
            for time_ms in [&mut ways.start_ms, &mut ways.end_ms] {
                *time_ms = time_ms.saturating_add_signed(by_ns / 1_000_000);
            }
            self.write_ways(slot, &ways);
        }
    }

    fn ways(&self, slot: usize) -> Ways {
        let end = (slot + 1) * self.more_len;
        Ways::read(&self.more[end - flow::reverse::LEN..end])
    }

    fn write_ways(&mut self, slot: usize, ways: &Ways) {
        let end = (slot + 1) * self.more_len;
        ways.write(&mut self.more[end - flow::reverse::LEN..end]);
    }
}

/// The header as a packet of the other direction would have it, as far as keys may speak of it.
fn turned(header: &Header) -> Header {
    let mut back = header.clone();
    let mut swap = |a: Span, b: Span| {
        back.set(a, header.get(b));
        back.set(b, header.get(a));
    };
    swap(at::SOURCE_IPV6, at::DESTINATION_IPV6);
    swap(at::SOURCE_MAC, at::DESTINATION_MAC);
    if !matches!(header.protocol, ICMP | ICMPV6) {
        swap(at::SOURCE_PORT, at::DESTINATION_PORT);
        return back;
    }
    // An ICMP message's type and code are in the destination port, too; a question's answer has another type.
    let question = answered(header.protocol, header.get(at::DESTINATION_PORT));
    back.set(at::DESTINATION_PORT, &question);
    back.set(at::ICMP_TYPE_CODE, &question);
    back
}

/// Type and code of the ICMP message that this one answers, or is answered by; itself where there is no such.
fn answered(protocol: u8, octets: &[u8]) -> [u8; 2] {
    /// Echo, timestamp, information, address mask (RFC 792, RFC 950).
    const V4: [(u8, u8); 4] = [(8, 0), (13, 14), (15, 16), (17, 18)];
    /// Echo, router and neighbour discovery (RFC 4443, RFC 4861).
    const V6: [(u8, u8); 3] = [(128, 129), (133, 134), (135, 136)];
    let (kind, code) = match octets {
        [kind, code] => (*kind, *code),
        _ => return [0; 2],
    };
    let pairs: &[(u8, u8)] = if protocol == ICMP { &V4 } else { &V6 };
    let other = pairs.iter().find_map(|(question, answer)| match kind {
        _ if kind == *question => Some(*answer),
        _ if kind == *answer => Some(*question),
        _ => None,
    });
    [other.unwrap_or(kind), code]
}

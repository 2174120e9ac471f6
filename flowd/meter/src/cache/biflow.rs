//! Bidirectional flows (RFC 5103): a packet belongs to the flow with its key or to the one with the reverse key.

use flow::biflow::BiflowCounters;
use wire::protocol::{ICMP, ICMPV6, TCP};
use wire::{Header, Span, at};

use super::Cache;
use crate::timeouts::{FIN, Timeouts};

const SYN_ACK: u16 = 0x12;
/// Values of `biflowDirection` (element 239).
const INITIATOR: u8 = 1;
const REVERSE_INITIATOR: u8 = 2;

impl Cache {
    /// Whether the flows are bidirectional.
    pub fn is_bidirectional(&self) -> bool {
        self.layout.biflow_range().is_some()
    }

    /// Counts a packet into the flow whose reverse direction it belongs to. Returns whether there is one.
    pub(super) fn count_if_reverse(
        &mut self,
        header: &Header,
        time_ns: u64,
        timeouts: &Timeouts,
    ) -> bool {
        let reversed = reverse_header(header);
        match self.find(self.key.hash::<false>(&reversed), &reversed) {
            Some(slot) => {
                self.count_biflow(slot, header, time_ns, timeouts, true);
                true
            }
            None => false,
        }
    }

    /// Initialises the biflow counters of a new flow, whose forward direction is that of this packet.
    pub(super) fn start_biflow(&mut self, slot: usize, header: &Header, time_ns: u64) {
        // If the first packet seen is a SYN-ACK, the other side opened the connection.
        let answer = header.protocol == TCP && header.tcp_flags & SYN_ACK == SYN_ACK;
        let biflow = BiflowCounters {
            direction: if answer { REVERSE_INITIATOR } else { INITIATOR },
            start_ms: time_ns / 1_000_000,
            end_ms: time_ns / 1_000_000,
            forward_flags: header.tcp_flags,
            first_ns: time_ns,
            last_ns: time_ns,
            ..BiflowCounters::default()
        };
        self.write_biflow(slot, &biflow);
        self.slots[slot].totals.tcp_flags &= !FIN;
    }

    /// Counts a packet into a flow; `reverse` says in which direction. The totals are those of both directions, but
    /// include a FIN only when both directions have one.
    pub(super) fn count_biflow(
        &mut self,
        slot: usize,
        header: &Header,
        time_ns: u64,
        timeouts: &Timeouts,
        reverse: bool,
    ) {
        let mut biflow = self.biflow(slot);
        let totals = &mut self.slots[slot].totals;
        let forward = totals.packets - biflow.packets;
        if totals.packets == 0 {
            (totals.first_ns, totals.last_ns) = (time_ns, time_ns);
        }
        totals.packets += 1;
        totals.octets += u64::from(header.octets);
        totals.first_ns = totals.first_ns.min(time_ns);
        totals.last_ns = totals.last_ns.max(time_ns);
        let time_ms = time_ns / 1_000_000;
        if reverse {
            if biflow.packets == 0 {
                (biflow.start_ms, biflow.end_ms) = (time_ms, time_ms);
            }
            biflow.packets += 1;
            biflow.octets += u64::from(header.octets);
            biflow.start_ms = biflow.start_ms.min(time_ms);
            biflow.end_ms = biflow.end_ms.max(time_ms);
            biflow.flags |= header.tcp_flags as u8; // the low eight flags, as everywhere else
        } else {
            if forward == 0 {
                (biflow.first_ns, biflow.last_ns) = (time_ns, time_ns);
            }
            biflow.first_ns = biflow.first_ns.min(time_ns);
            biflow.last_ns = biflow.last_ns.max(time_ns);
            biflow.forward_flags |= header.tcp_flags;
            // Collected fields are those of the forward direction.
            if forward == 0 {
                self.restart_merged(slot, header);
            } else {
                self.merge(slot, header);
            }
        }
        self.write_biflow(slot, &biflow);
        let fin = biflow.forward_flags & u16::from(biflow.flags) & FIN;
        let news = (header.tcp_flags & !FIN | fin) & !self.slots[slot].totals.tcp_flags;
        if news != 0 {
            self.new_tcp_flags(slot, news, timeouts);
        }
    }

    /// Restarts the biflow counters after a record of the flow was exported.
    pub(super) fn restart_biflow(&mut self, slot: usize) {
        if self.is_bidirectional() {
            let biflow = BiflowCounters {
                direction: self.biflow(slot).direction,
                ..BiflowCounters::default()
            };
            self.write_biflow(slot, &biflow);
        }
    }

    /// Shifts the times in the biflow counters by a step of the clock.
    pub(super) fn shift_biflow(&mut self, slot: usize, by_ns: i64) {
        if self.is_bidirectional() {
            let mut biflow = self.biflow(slot);
            for time_ns in [&mut biflow.first_ns, &mut biflow.last_ns] {
                *time_ns = time_ns.saturating_add_signed(by_ns);
            }
            for time_ms in [&mut biflow.start_ms, &mut biflow.end_ms] {
                *time_ms = time_ms.saturating_add_signed(by_ns / 1_000_000);
            }
            self.write_biflow(slot, &biflow);
        }
    }

    fn biflow(&self, slot: usize) -> BiflowCounters {
        let end = (slot + 1) * self.extra_len;
        BiflowCounters::read(&self.extra[end - flow::biflow::LEN..end])
    }

    fn write_biflow(&mut self, slot: usize, biflow: &BiflowCounters) {
        let end = (slot + 1) * self.extra_len;
        biflow.write(&mut self.extra[end - flow::biflow::LEN..end]);
    }
}

/// Returns the header that a packet in the reverse direction would have, as far as key fields can see.
fn reverse_header(header: &Header) -> Header {
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
    // For ICMP, the destination port has type and code; a reply has another type than its request.
    let question = icmp_counterpart(header.protocol, header.get(at::DESTINATION_PORT));
    back.set(at::DESTINATION_PORT, &question);
    back.set(at::ICMP_TYPE_CODE, &question);
    back
}

/// Returns type and code of the ICMP message that this one replies to or is replied to by; the same ones if there
/// is none.
fn icmp_counterpart(protocol: u8, octets: &[u8]) -> [u8; 2] {
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

//! Counters of the loss ledger.

use std::ops::{Add, AddAssign};

/// Number of packets and of their octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets.
    pub packets: u64,
    /// IP octets; of packets other than IP, the octets on the wire.
    pub octets: u64,
}

impl Tally {
    /// Counts one packet.
    #[inline]
    pub fn count(&mut self, octets: u64) {
        self.packets += 1;
        self.octets += octets;
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.packets += other.packets;
        self.octets += other.octets;
    }
}

impl Add for Tally {
    type Output = Tally;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

/// Number of flow records, and of the packets and octets in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordTally {
    /// Flow records.
    pub records: u64,
    /// Packets the records account for.
    pub packets: u64,
    /// IP octets the records account for.
    pub octets: u64,
}

impl RecordTally {
    /// Counts one record.
    #[inline]
    pub fn count(&mut self, packets: u64, octets: u64) {
        self.records += 1;
        self.packets += packets;
        self.octets += octets;
    }
}

impl AddAssign for RecordTally {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.packets += other.packets;
        self.octets += other.octets;
    }
}

impl Add for RecordTally {
    type Output = RecordTally;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

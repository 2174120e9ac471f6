//! Bytes ↔ meaning, both ways in one file a format. No I/O, no clock.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation
    )
)]

mod common;
pub mod header;
mod inside;
mod ip;
pub mod ipfix;
mod link;
mod outline;
mod packet;
mod rare;
mod reader;
mod sets;
mod sflow;
mod transport;
mod tunnel;
mod unpack;
pub mod v5;
pub mod v9;
mod writer;

pub use header::{Family, Header, LINE, Lines, Link, Packet, Skip, Span, Tag, at};
pub use inside::{Entered, MAX_TUNNELS, parse_inside};
pub use outline::{Outline, SetHeader, SetHeaders};
pub use packet::{parse, parse_lines};
pub use reader::{DecodeError, MAX_FIELDS, Problem};
pub use sets::{FieldSpec, MIN_TEMPLATE_ID, SetFormat};
pub use tunnel::{Tunnel, Tunnels, VXLAN_PORT};
pub use unpack::{Contents, Record, Records, Set, Sets, Template, Templates};
pub use writer::{Full, MAX_DATAGRAM, Writer};

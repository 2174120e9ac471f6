//! Packet headers and flow export formats: each format is read and written in one file. No I/O, no clock.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation
    )
)]

pub mod element_type;
mod fast_path;
mod fixed;
pub mod header;
mod innermost;
mod ip;
pub mod ipfix;
mod link;
mod link_type;
pub mod lists;
mod on_demand;
mod outline;
mod packet;
mod reader;
mod sets;
pub mod sflow;
mod transport;
mod tunnel;
mod unpack;
pub mod v1;
pub mod v5;
pub mod v7;
pub mod v9;
mod writer;

pub use header::{Family, Header, LINE, Lines, Packet, SkipReason, Span, Tag, at};
pub use innermost::{Innermost, MAX_TUNNELS, parse_innermost};
pub use link_type::LinkType;
pub use outline::{Format, Outline, SetHeader, SetHeaders, sequence};
pub use packet::{parse, parse_lines};
pub use reader::{DecodeError, MAX_FIELDS, MAX_LIST_DEPTH, Problem};
pub use sets::{FieldSpec, MIN_TEMPLATE_ID, SetFormat};
pub use transport::protocol;
pub use tunnel::{Tunnel, Tunnels, VXLAN_PORT};
pub use unpack::{Contents, Record, Records, Set, Sets, Template, Templates};
pub use writer::{Full, MAX_DATAGRAM, Writer};

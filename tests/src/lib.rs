//! The harness of the end-to-end tests: network namespaces, the built `flowd` and `flowsh` in them,
//! real collectors whose sums are read back, traffic with known totals, a pseudo-terminal.
//!
//! Everything a helper makes is undone when its value is dropped, also after a panic. Helpers are called by tests only:
//! they panic with what was wrong and the end of the log that tells why.

pub mod bins;
pub mod client;
pub mod clock;
pub mod collectors;
pub mod config;
pub mod container;
pub mod dns;
pub mod flowd;
pub mod frame;
pub mod golden;
pub mod halt;
pub mod http;
pub mod key;
pub mod lab;
pub mod ledger;
pub mod manager;
pub mod netns;
pub mod note;
pub mod pcapfile;
pub mod process;
pub mod pty;
pub mod random;
pub mod router_configurations;
pub mod shared;
pub mod sink;
pub mod site;
pub mod skip;
pub mod tap;
pub mod traffic;
pub mod tshark;
pub mod wait;

pub use flowd::Flowd;
pub use key::{Flows, Key, Sum};
pub use lab::Lab;
pub use ledger::Ledger;
pub use netns::Namespace;
pub use site::Site;
pub use wait::until;

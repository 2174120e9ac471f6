//! What a service of the appliance is, and what services share.
//!
//! A service applies a part of the configuration: the probe meters, the samplicator relays, the log forwards. The
//! daemon holds a list of services ([`Services`]) and loops over it at boot, at each commit, for the loss ledger, for
//! completion and at shutdown; none of these names a service. A commit goes through the methods of [`Service`] in
//! their order:
//!
//! ```text
//! tree --settings--> Settings --difference--> Difference --prepare--> Staged --apply--> in force
//!                                                          impact, warnings: what an operator is told
//! ```
//!
//! Whatever can fail does so in `settings` or `prepare`, before the revision is recorded; dropping what was prepared
//! aborts the commit. The same methods serve `commit check`, a rollback, and boot, which is a commit onto nothing.

pub mod metric;
pub mod named;
mod service;
mod services;
mod unknown;

pub use clock;
pub use named::{Before, Named};
pub use service::{Detail, Name, NameKind, Occasion, Service};
pub use services::{Kind, Services, Settings, Staged, Unowned, check_rows};
pub use unknown::unknown;

//! The management API's types: what a request may hold, what an answer holds, and which routes there are.
//!
//! flowd's handlers, the shell's client and the OpenAPI document (`GET /v1/openapi.json`) are made of the same types,
//! so that they cannot disagree. There is no logic here: only data, its JSON form and its JSON Schema. The types of a
//! request refuse members they do not know; the types of an answer ignore them, so that a client can be older than its
//! daemon.
//!
//! | module | subject |
//! |---|---|
//! | [`routes`] | every route: method, path, and the types of its query, body and answer |
//! | [`session`] | sessions with their candidates: edit, check, commit, confirm, roll back |
//! | [`configuration`] | configurations as text or tree, differences, revisions |
//! | [`flow`] | the flow probe: records, monitors, exporters, caches, routes |
//! | [`samplicator`] | the samplicators: listeners, receivers, sources, templates |
//! | [`ledger`] | the loss ledger, and the counters of which it is made |
//! | [`host`] | the program and its host: version, users, threads, memory, interfaces, names, log |
//! | [`metrics`] | the metrics service |
//! | [`complete`] | completion of a command line |
//! | [`query`] | query parameters of a cache and of other flow tables |
//! | [`error`] | refusals |

mod route;
mod word;

pub mod complete;
pub mod configuration;
pub mod error;
pub mod flow;
pub mod host;
pub mod ledger;
pub mod metrics;
pub mod query;
pub mod routes;
pub mod samplicator;
pub mod session;
pub mod value;

pub use error::{Code, Errors, Refusal, without_error_numbers};
pub use value::{ByName, Nothing, Time};
pub use word::NotAWord;

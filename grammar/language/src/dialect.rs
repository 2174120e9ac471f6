//! The four dialects: one file each, reading and writing together.

pub(crate) mod curly;
pub(crate) mod detect;
pub(crate) mod ios;
pub(crate) mod json;
pub(crate) mod set;

//! The stored form of a scheduled commit.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::pending::Scheduled;
use crate::tree_json;

#[derive(Serialize, Deserialize)]
struct Stored {
    at_ms: i64,
    made_ms: i64,
    user: String,
    via: String,
    comment: String,
    base: Value,
    candidate: Value,
    failed: Vec<String>,
}

pub(super) fn write(scheduled: &Scheduled) -> Vec<u8> {
    let stored = Stored {
        at_ms: scheduled.at_ms,
        made_ms: scheduled.made_ms,
        user: scheduled.user.clone(),
        via: scheduled.via.clone(),
        comment: scheduled.comment.clone(),
        base: tree_json::write(&scheduled.base),
        candidate: tree_json::write(&scheduled.candidate),
        failed: scheduled.failed.clone(),
    };
    // Strings and numbers cannot fail to be written.
    serde_json::to_vec(&stored).unwrap_or_default()
}

pub(super) fn read(bytes: &[u8]) -> Option<Scheduled> {
    let stored: Stored = serde_json::from_slice(bytes).ok()?;
    Some(Scheduled {
        at_ms: stored.at_ms,
        made_ms: stored.made_ms,
        user: stored.user,
        via: stored.via,
        comment: stored.comment,
        base: tree_json::read(&stored.base)?,
        candidate: tree_json::read(&stored.candidate)?,
        failed: stored.failed,
    })
}

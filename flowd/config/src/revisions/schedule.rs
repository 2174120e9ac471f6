//! How a commit that waits for its time is kept.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::pending::Scheduled;
use crate::tree_json;

#[derive(Serialize, Deserialize)]
struct Kept {
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
    let kept = Kept {
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
    serde_json::to_vec(&kept).unwrap_or_default()
}

pub(super) fn read(bytes: &[u8]) -> Option<Scheduled> {
    let kept: Kept = serde_json::from_slice(bytes).ok()?;
    Some(Scheduled {
        at_ms: kept.at_ms,
        made_ms: kept.made_ms,
        user: kept.user,
        via: kept.via,
        comment: kept.comment,
        base: tree_json::read(&kept.base)?,
        candidate: tree_json::read(&kept.candidate)?,
        failed: kept.failed,
    })
}

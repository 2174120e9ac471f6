//! From nothing to the last committed configuration. It never fails for what the host lacks today: what can be
//! applied is, the rest is logged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use language::{Finding, Problem, Tree};

use crate::commit::{Staged, resolve};
use crate::engine::{Engine, Running};
use crate::outcome::{Refused, Request};
use crate::pending::Pending;
use crate::revisions;
use service::Settings;

/// Rounds of leaving out what does not work.
const ROUNDS: usize = 50;

impl Engine {
    /// Puts the newest revision into force, or the one before it when that was to be confirmed and the time has
    /// passed. Returns whether there was any.
    ///
    /// # Errors
    /// When the newest revision cannot be read.
    pub fn boot(&self, now: Instant, now_ms: i64) -> Result<bool, revisions::Error> {
        let Some((summary, tree)) = self.revisions.head()? else {
            return Ok(false);
        };
        if let Some(waiting) = self.revisions.waiting() {
            let previous = match waiting.previous {
                Some(id) => self.revisions.get(id).map(|(_, tree)| tree),
                None => Ok(Tree::default()),
            };
            match previous {
                Ok(previous) => {
                    let left = waiting
                        .deadline_ms
                        .saturating_sub(now_ms)
                        .min(waiting.given_ms);
                    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
                    let pending = Pending {
                        deadline: now + left,
                        previous,
                        previous_id: waiting.previous,
                    };
                    *self.pending() = Some(pending);
                    self.alarm.notify_one();
                    if left.is_zero() {
                        self.roll_back_if_due(now);
                        return Ok(true);
                    }
                    tracing::warn!(
                        "revision {} still waits for confirmation, {} s",
                        summary.id,
                        left.as_secs()
                    );
                }
                Err(error) => {
                    tracing::error!("revision {} stays though unconfirmed: {error}", summary.id)
                }
            }
        }
        self.force(tree, Some(summary.id));
        tracing::info!(
            "running revision {}, committed by {} via {}",
            summary.id,
            summary.user,
            summary.via
        );
        Ok(true)
    }

    /// Commits the configuration flowd was started with.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn seed(&self, tree: &Tree, comment: &str) -> Result<Vec<String>, Refused> {
        let user = crate::access::user_name(nix::unistd::geteuid().as_raw());
        let request = Request {
            user,
            via: "file".into(),
            comment: comment.to_owned(),
            confirm: None,
        };
        let tree = crate::secrets::seal(&Tree::default(), tree.clone()).map_err(|problems| {
            let finding = |problem: Problem| Finding {
                path: vec!["system".into(), "login".into()],
                message: problem.message,
                code: problem.code,
            };
            Refused::Findings(problems.into_iter().map(finding).collect())
        })?;
        self.commit(&tree, &request)
            .map(|committed| committed.warnings)
    }

    /// Puts a recorded tree into force, leaving out what does not work here now.
    pub(crate) fn force(&self, tree: Tree, id: Option<u64>) {
        let mut fitting = tree.clone();
        for _ in 0..ROUNDS {
            match self.fit(&fitting) {
                Ok((settings, staged)) => {
                    let whole = fitting.is(&tree);
                    let running = Running {
                        tree,
                        id,
                        settings,
                        whole,
                        unapplied: Vec::new(),
                    };
                    self.apply(staged, running);
                    return;
                }
                Err(Refused::Findings(findings)) => {
                    let mut less = false;
                    for finding in &findings {
                        tracing::error!("not applied: {finding}");
                        less |= leave_out(&mut fitting, finding);
                    }
                    if !less {
                        break;
                    }
                }
                Err(other) => {
                    tracing::error!("not applied: {other}");
                    break;
                }
            }
        }
        tracing::error!("nothing of the saved configuration can be applied; `show log` says why");
        if let Ok((settings, staged)) = self.fit(&Tree::default()) {
            let running = Running {
                tree,
                id,
                settings,
                whole: false,
                unapplied: Vec::new(),
            };
            self.apply(staged, running);
        }
    }

    fn fit(&self, tree: &Tree) -> Result<(Settings, Staged), Refused> {
        let running = self.running();
        let settings = resolve(self.services.kinds(), tree, running.sound())?;
        let staged = self.prepare(tree, &settings)?;
        Ok((settings, staged))
    }
}

/// Takes the deepest node a finding names out of the tree. False when it names none.
fn leave_out(tree: &mut Tree, finding: &Finding) -> bool {
    let Some((word, rest)) = finding.path.split_first() else {
        return false;
    };
    let Tree::Branch(children) = tree else {
        return false;
    };
    let children = Arc::make_mut(children);
    match children.get_mut(word) {
        None => false,
        Some(Tree::Leaf(values)) => {
            let before = values.len();
            values.retain(|value| !rest.contains(value));
            if values.is_empty() || values.len() == before {
                children.remove(word);
            }
            true
        }
        Some(child) => {
            let deeper = Finding {
                path: rest.to_vec(),
                message: String::new(),
                code: language::Code::default(),
            };
            if !leave_out(child, &deeper) {
                children.remove(word);
            }
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(json: &str) -> Tree {
        crate::tree_json::read(&serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn what_a_finding_names_is_left_out_and_no_more() {
        let whole = r#"{"flow":{"exporter":{"E":{"source":["eth9"],"ttl":["3"]}},"monitor":{"M":{"exporter":["E","F"]}}}}"#;
        let out = |path: &str| {
            let mut tree = tree(whole);
            let path = path.split(' ').map(str::to_owned).collect();
            let found = leave_out(
                &mut tree,
                &Finding {
                    path,
                    message: String::new(),
                    code: language::Code::default(),
                },
            );
            (found, crate::tree_json::write(&tree).to_string())
        };
        let (_, text) = out("flow exporter E source eth9");
        assert!(!text.contains("eth9") && text.contains("ttl"), "{text}");
        let (_, text) = out("flow monitor M exporter F");
        assert!(text.contains(r#""exporter":["E"]"#), "{text}");
        // A leaf that is missing: the node that lacks it goes.
        let (_, text) = out("flow exporter E destination");
        assert!(!text.contains("ttl") && text.contains("monitor"), "{text}");
        assert!(!out("nowhere at all").0);
    }
}

//! Start of the daemon: the last committed configuration is put into force. Nothing is dropped for what the host lacks
//! today ([`Occasion::Restore`]). What this release refuses of an older one's configuration is left out and logged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use language::{Finding, Problem, Tree};

use crate::commit::{Staged, resolve};
use crate::engine::{Engine, Running};
use crate::outcome::{Refused, Request};
use crate::pending::Pending;
use crate::revisions;
use service::{Occasion, Settings};

/// How many times nodes that cannot be applied are left out before the whole configuration is.
const ROUNDS: usize = 50;

impl Engine {
    /// Puts the newest revision into force, or the one before it if the newest was not confirmed in time. Returns false
    /// if there is no revision yet.
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
                    self.confirmation_changed.notify_one();
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
                    tracing::error!(
                        "revision {} is kept although it was not confirmed: {error}",
                        summary.id
                    )
                }
            }
        }
        self.apply_best_effort(tree, Some(summary.id));
        tracing::info!(
            msgid = "BOOT",
            "running revision {}, committed by {} via {}",
            summary.id,
            summary.user,
            summary.via
        );
        Ok(true)
    }

    /// Commits the configuration file that flowd was started with and returns its warnings.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn seed(&self, tree: &Tree, comment: &str) -> Result<Vec<String>, Refused> {
        let user = crate::access::user_name(nix::unistd::geteuid().as_raw());
        let request = Request {
            user,
            via: "file".into(),
            from: String::new(),
            comment: comment.to_owned(),
            confirm: None,
        };
        let tree = crate::secrets::encrypt_passwords(&Tree::default(), tree.clone()).map_err(
            |problems| {
                let finding = |problem: Problem| Finding {
                    path: vec!["system".into(), "login".into()],
                    message: problem.message,
                    code: problem.code,
                };
                Refused::Findings(problems.into_iter().map(finding).collect())
            },
        )?;
        self.commit(&tree, &request)
            .map(|committed| committed.warnings)
    }

    /// Puts a recorded tree into force without the nodes that this release refuses.
    pub(crate) fn apply_best_effort(&self, tree: Tree, id: Option<u64>) {
        let mut applicable = tree.clone();
        for _ in 0..ROUNDS {
            match self.resolve_and_prepare(&applicable) {
                Ok((settings, staged)) => {
                    let complete = applicable.is(&tree);
                    let running = Running {
                        tree,
                        id,
                        settings,
                        complete,
                        unapplied: Vec::new(),
                    };
                    self.apply(staged, running);
                    return;
                }
                Err(Refused::Findings(findings)) => {
                    let mut left_out = false;
                    for finding in &findings {
                        tracing::error!("not applied: {finding}");
                        left_out |= leave_out(&mut applicable, finding);
                    }
                    if !left_out {
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
        if let Ok((settings, staged)) = self.resolve_and_prepare(&Tree::default()) {
            let running = Running {
                tree,
                id,
                settings,
                complete: false,
                unapplied: Vec::new(),
            };
            self.apply(staged, running);
        }
    }

    fn resolve_and_prepare(&self, tree: &Tree) -> Result<(Settings, Staged), Refused> {
        let running = self.running();
        let settings = resolve(self.services.kinds(), tree, running.as_base())?;
        let staged = self.prepare(tree, &settings, Occasion::Restore)?;
        Ok((settings, staged))
    }
}

/// Removes the deepest node that a finding names from the tree. Returns false if the tree has no such node.
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

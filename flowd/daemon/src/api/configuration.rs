//! `/v1/configuration`, `/v1/compare` and `/v1/revisions`.

use std::borrow::Cow;

use api::Nothing;
use api::configuration::{
    Compare, CompareText, Configuration, Confirm, DiffFormat, Revision, Revisions, Scheduled,
    ShowConfiguration, Text,
};
use api::host::Role;
use api::routes;
use language::{Dialect, Mode, Tree};

use super::blocking;
use super::endpoint::{Answer, Call, Endpoint};
use super::error::ApiError;
use super::source::{self, source_tree};
use service::clock;

/// The routes that are answered here.
#[rustfmt::skip]
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(routes::COMPARE_TEXT, compare_text),
        Endpoint::new(routes::CONFIGURATION, show),
        Endpoint::new(routes::COMPARE, compare),
        Endpoint::new(routes::REVISIONS, revisions),
    ]
}

pub(super) async fn show(call: Call<ShowConfiguration>) -> Answer<Configuration> {
    let Call {
        control,
        peer,
        query: show,
        ..
    } = call;
    let dialect = show.format.map_or(Dialect::Curly, source::dialect);
    let secrets = show.secrets.unwrap_or(false);
    if secrets && peer.role != Some(Role::Admin) {
        return Err(ApiError::forbidden(&peer.user));
    }
    blocking(move || {
        let source = show.source.as_deref().unwrap_or("running");
        let mut tree = source_tree(&control, source, show.session.as_deref(), &peer)?;
        if let Some(path) = &show.path {
            let words: Vec<&str> = path.split_whitespace().collect();
            if language::schema::lookup(words.iter().copied()).is_none() {
                return Err(ApiError::bad(format!("there is no {}", words.join(" "))));
            }
            tree = below(&tree, &words).unwrap_or_default();
        }
        if !secrets && let Cow::Owned(masked) = language::masked(&tree) {
            tree = masked;
        }
        let nothing = tree == Tree::default() && dialect != Dialect::Json;
        let text = match nothing {
            true => String::new(),
            false => language::render(&tree, dialect),
        };
        if dialect != Dialect::Json {
            return Ok(Configuration {
                text: Some(text),
                tree: None,
            });
        }
        let tree = serde_json::from_str(&text)
            .map_err(|error| ApiError::internal(format!("the JSON form is not JSON: {error}")))?;
        Ok(Configuration {
            text: None,
            tree: Some(tree),
        })
    })
    .await?
}

pub(super) async fn compare(call: Call<Compare>) -> Answer<Text> {
    let Call {
        control,
        peer,
        query: compare,
        ..
    } = call;
    blocking(move || {
        let session = compare.session.as_deref();
        let to_default = if session.is_some() {
            "candidate"
        } else {
            "running"
        };
        let from = compare.from.as_deref().unwrap_or("running");
        let from = source_tree(&control, from, session, &peer)?;
        let to = compare.to.as_deref().unwrap_or(to_default);
        let to = source_tree(&control, to, session, &peer)?;
        Ok(difference(&from, &to, compare.format, &compare.path))
    })
    .await?
}

/// Compares two configurations, one of which is the text of the request.
pub(super) async fn compare_text(call: Call<Nothing, CompareText>) -> Answer<Text> {
    let Call {
        control,
        peer,
        name: id,
        body: compare,
        ..
    } = call;
    blocking(move || {
        let text = language::load(&Tree::default(), &[], &compare.text, None, Mode::Override)?;
        let side = |source: &str| match source {
            "text" => Ok(text.clone()),
            source => source_tree(&control, source, Some(&id), &peer),
        };
        let from = side(compare.from.as_deref().unwrap_or("text"))?;
        let to = side(compare.to.as_deref().unwrap_or("candidate"))?;
        Ok(difference(&from, &to, compare.format, &[]))
    })
    .await?
}

/// Writes what differs in a format of `compare`, without secrets.
fn difference(from: &Tree, to: &Tree, format: Option<DiffFormat>, path: &[String]) -> Text {
    let text = match format {
        None | Some(DiffFormat::Diff) => {
            let (from, to) = language::masked_both(from, to);
            language::compare(&from, &to)
        }
        Some(DiffFormat::Set) => {
            let (from, to) = language::masked_both(from, to);
            language::compare_commands(&from, &to)
        }
        // The newer one is shown as `show configuration` shows it.
        Some(DiffFormat::Marks) => {
            let (from, to) = (language::masked(from), language::masked(to));
            language::marks(&from, &to, path).unwrap_or_default()
        }
    };
    Text { text }
}

pub(super) async fn revisions(call: Call) -> Answer<Revisions> {
    let control = call.control;
    blocking(move || {
        let revisions = control.engine.revisions.list().into_iter().zip(0..);
        let left = control.engine.confirm_left(clock::monotonic());
        Revisions {
            revisions: revisions
                .map(|(summary, revision)| Revision {
                    revision,
                    id: summary.id,
                    time: clock::rfc3339(summary.time_ms).into(),
                    user: summary.user,
                    via: summary.via,
                    comment: summary.comment,
                    hash: summary.hash,
                })
                .collect(),
            scheduled: control.engine.scheduled().map(|scheduled| Scheduled {
                at: clock::rfc3339(scheduled.at_ms).into(),
                made: clock::rfc3339(scheduled.made_ms).into(),
                user: scheduled.user,
                via: scheduled.via,
                comment: scheduled.comment,
                failed: scheduled.failed,
            }),
            confirm: left.map(|left| Confirm {
                seconds: left.as_secs(),
            }),
            archive: control.engine.archive.report(),
        }
    })
    .await
}

/// Returns the tree with only what is at and below `path`; `None` where nothing is there.
fn below(tree: &Tree, path: &[&str]) -> Option<Tree> {
    let Some((word, rest)) = path.split_first() else {
        return Some(tree.clone());
    };
    match tree {
        Tree::Branch(children) => {
            let child = below(children.get(word)?, rest)?;
            Some(Tree::from_iter([((*word).to_owned(), child)]))
        }
        Tree::Leaf(values) => (rest.is_empty() && values.iter().any(|value| value == word))
            .then(|| Tree::Leaf(vec![(*word).to_owned()])),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_keeps_what_is_below_it() {
        let tree =
            config::tree_from_json(&json!({"a": {"b": ["1", "2"], "c": []}, "d": []})).unwrap();
        let text =
            |path: &[&str]| below(&tree, path).map(|tree| config::tree_to_json(&tree).to_string());
        assert_eq!(
            text(&["a", "b"]).as_deref(),
            Some(r#"{"a":{"b":["1","2"]}}"#)
        );
        assert_eq!(
            text(&["a", "b", "2"]).as_deref(),
            Some(r#"{"a":{"b":["2"]}}"#)
        );
        assert_eq!(text(&["a", "x"]), None);
        assert_eq!(text(&[]), Some(config::tree_to_json(&tree).to_string()));
    }
}

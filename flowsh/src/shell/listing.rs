//! A monitor's cache on the screen. A cache that is longer than an answer is read in parts, each when the part before
//! has been shown, so that a million flows take no more memory than a few thousand.

use std::fmt;

use api::flow::{Cache, CacheFlows, Field, Flow};
use api::query::CacheQuery;
use api::routes;
use commands::{CacheView, Pipe};
use serde::Serialize;

use super::Shell;
use crate::json::JsonText;
use crate::output::{Answer, Pipeline, expression};
use crate::screen::Pages;
use crate::trouble::Failure;

/// The number of flows in a part.
const PART: u64 = 4096;

/// What is asked of a monitor's cache.
struct Question {
    monitor: String,
    query: CacheQuery,
}

/// A listing with further parts.
pub(crate) struct Listing {
    question: Question,
    /// Where the next part begins; `None` after the last one.
    next: Option<String>,
    /// The text of the first part; `None` once it has been shown.
    begun: Option<String>,
    shown: u64,
    total: u64,
    form: Form,
    pipeline: Pipeline,
    over: bool,
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Question { monitor, .. } = &self.question;
        write!(f, "listing of {monitor} after {} flows", self.shown)
    }
}

enum Form {
    Screen(Pages),
    /// The latest flow, whose line ends when it is known whether another one follows.
    Json(String),
}

/// The first part of a cache, and how it is shown.
pub(super) struct First {
    question: Question,
    pages: Pages,
    text: String,
    answer: CacheFlows,
    json: JsonText,
}

impl Shell {
    /// Asks for the first part of a cache.
    pub(super) fn first_of_cache(
        &mut self,
        monitor: &str,
        view: &CacheView,
        line: &str,
    ) -> Result<First, Failure> {
        let mut filter = Vec::new();
        for condition in &view.filter {
            let operator = match condition.regexp {
                true => {
                    expression(line, &condition.value)?;
                    '~'
                }
                false => '=',
            };
            let value = &condition.value.text;
            filter.push(format!("{}{operator}{value}", condition.field));
        }
        let listed = view.sort.is_none() && view.aggregate.is_empty();
        let query = CacheQuery {
            filter,
            aggregate: view.aggregate.clone(),
            collect: view.collect.clone(),
            sort: view.sort.clone(),
            lowest: view.lowest.then_some(true),
            top: view.top.map(u64::from),
            limit: listed.then_some(PART),
            after: None,
        };
        let received = self.client.get(routes::CACHE, &[monitor], &query)?;
        let mut pages = Pages::new(&received.answer, view, &self.view);
        Ok(First {
            question: Question {
                monitor: monitor.to_owned(),
                query,
            },
            text: pages.first(&received.answer),
            pages,
            answer: received.answer,
            json: received.json,
        })
    }

    /// Asks for the part of a cache that begins after `next`.
    fn next_of_cache(
        &mut self,
        question: &mut Question,
        next: String,
    ) -> Result<CacheFlows, Failure> {
        question.query.after = Some(next);
        let Question { monitor, query } = question;
        Ok(self.client.get(routes::CACHE, &[monitor], query)?.answer)
    }
}

impl First {
    /// Reads all parts, and returns the answer with the flows of all.
    pub(super) fn whole(self, shell: &mut Shell) -> Result<JsonText, Failure> {
        let First {
            mut question,
            mut answer,
            json,
            ..
        } = self;
        if answer.next.is_none() {
            return Ok(json);
        }
        while let Some(next) = answer.next.take() {
            let part = shell.next_of_cache(&mut question, next)?;
            answer.flows.extend(part.flows);
            answer.next = part.next;
        }
        answer.shown = answer.flows.len() as u64;
        Ok(JsonText::of(&answer))
    }

    /// Returns the output where this is the only part, else the listing that it begins.
    pub(super) fn piped(
        self,
        pipes: &[Pipe],
        line: &str,
        shell: &Shell,
    ) -> Result<(Answer, Option<Listing>), Failure> {
        let home = shell.home.as_deref();
        let next = self.answer.next.clone();
        if next.is_none() {
            let answer = Answer::screen(self.text, self.json).through(pipes, line, home)?;
            return Ok((answer, None));
        }
        let json = pipes.first() == Some(&Pipe::Json);
        if !json && pipes.contains(&Pipe::Json) {
            return Err(Failure::plain(
                "of a long listing `| json` is the first pipe",
            ));
        }
        let shown = self.answer.flows.len() as u64;
        let (begun, form) = match json {
            true => {
                let mut latest = String::new();
                let begun = json_head(&self.answer) + &json_flows(&mut latest, &self.answer.flows);
                (begun, Form::Json(latest))
            }
            false => (self.text, Form::Screen(self.pages)),
        };
        let listing = Listing {
            question: self.question,
            next,
            begun: Some(begun),
            shown,
            total: self.answer.total,
            form,
            pipeline: Pipeline::new(pipes, line, home)?,
            over: false,
        };
        let answer = Answer {
            no_more: pipes.contains(&Pipe::NoMore),
            ..Answer::default()
        };
        Ok((answer, Some(listing)))
    }
}

impl Listing {
    /// Returns how far the listing is.
    pub(crate) fn progress(&self) -> String {
        format!("{} of {} flows", self.shown, self.total)
    }

    /// Returns the text of the next part; `None` after the last one.
    ///
    /// # Errors
    /// The daemon refuses, or the operator gave up with Ctrl-C.
    pub(crate) fn part(&mut self, shell: &mut Shell) -> Result<Option<String>, Failure> {
        if let Some(begun) = self.begun.take() {
            return self.pipeline.text(begun).map(Some);
        }
        if shell.client.interrupted() {
            return Err(Failure::plain("interrupted"));
        }
        if let Some(next) = self.next.take() {
            let part = shell.next_of_cache(&mut self.question, next)?;
            self.next = part.next;
            self.shown += part.flows.len() as u64;
            let text = match &mut self.form {
                Form::Screen(pages) => pages.more(&part.flows),
                Form::Json(latest) => json_flows(latest, &part.flows),
            };
            return self.pipeline.text(text).map(Some);
        }
        if std::mem::replace(&mut self.over, true) {
            return Ok(None);
        }
        let end = match &self.form {
            Form::Json(latest) => {
                format!(
                    "{latest}\n  ],\n  \"shown\": {},\n  \"next\": null\n}}\n",
                    self.shown
                )
            }
            Form::Screen(_) => String::new(),
        };
        let text = self.pipeline.text(end)?;
        Ok(Some(text + &self.pipeline.end()?))
    }
}

/// The members of an answer before its flows.
#[derive(Serialize)]
struct Head<'a> {
    monitor: &'a str,
    cache: &'a Cache,
    fields: &'a [Field],
    total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregated: Option<u64>,
}

/// Writes the JSON object up to its flows.
fn json_head(answer: &CacheFlows) -> String {
    let head = JsonText::of(&Head {
        monitor: &answer.monitor,
        cache: &answer.cache,
        fields: &answer.fields,
        total: answer.total,
        matched: answer.matched,
        aggregated: answer.aggregated,
    });
    let head = head.pretty();
    let open = head.strip_suffix("\n}").unwrap_or(&head);
    format!("{open},\n  \"flows\": [\n")
}

/// Writes further flows but the last one, which becomes `latest`.
fn json_flows(latest: &mut String, flows: &[Flow]) -> String {
    let mut text = String::new();
    for flow in flows {
        let before = std::mem::replace(latest, indented(flow));
        if !before.is_empty() {
            text += &before;
            text += ",\n";
        }
    }
    text
}

/// Writes a flow as it stands in the array of an indented object.
fn indented(flow: &Flow) -> String {
    let text = serde_json::to_string_pretty(flow).unwrap_or_default();
    let mut indented = String::with_capacity(text.len() * 2);
    for (i, line) in text.lines().enumerate() {
        if i > 0 {
            indented.push('\n');
        }
        indented.push_str("    ");
        indented.push_str(line);
    }
    indented
}

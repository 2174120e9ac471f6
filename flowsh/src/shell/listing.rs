//! A monitor's cache on the screen. One that is longer than an answer comes in parts, each asked for when the one
//! before has been shown: a million flows take no more memory than the first few thousand.

use std::fmt;

use commands::{CacheView, Pipe};
use serde_json::Value as Json;

use super::Shell;
use crate::client::escaped;
use crate::output::{Answer, Pipeline, expression};
use crate::screen::Pages;
use crate::trouble::Failure;

/// Flows of one part.
const PART: &str = "4096";

/// A listing that goes on.
pub(crate) struct Listing {
    target: String,
    query: Vec<(&'static str, String)>,
    /// Where the next part begins; `None` after the last one.
    next: Option<String>,
    /// What the first part makes of it.
    begun: Option<String>,
    shown: u64,
    total: u64,
    form: Form,
    pipeline: Pipeline,
    over: bool,
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listing of {} after {} flows", self.target, self.shown)
    }
}

enum Form {
    Screen(Pages),
    /// The latest flow, whose line ends when it is known whether another one follows.
    Json(String),
}

/// The first answer, and how it is shown.
pub(super) struct First {
    target: String,
    query: Vec<(&'static str, String)>,
    pages: Pages,
    text: String,
    json: Json,
}

impl Shell {
    /// Asks for a cache.
    pub(super) fn first_of_cache(
        &mut self,
        monitor: &str,
        view: &CacheView,
        line: &str,
    ) -> Result<First, Failure> {
        let target = format!("/v1/flow/monitors/{}/cache", escaped(monitor));
        let mut query: Vec<(&'static str, String)> = Vec::new();
        for condition in &view.filter {
            let operator = match condition.regexp {
                true => {
                    expression(line, &condition.value)?;
                    '~'
                }
                false => '=',
            };
            let value = &condition.value.text;
            query.push(("filter", format!("{}{operator}{value}", condition.field)));
        }
        let fields = |key| move |field: &String| (key, field.clone());
        query.extend(view.aggregate.iter().map(fields("aggregate")));
        query.extend(view.collect.iter().map(fields("collect")));
        query.extend(view.sort.iter().map(fields("sort")));
        query.extend(view.lowest.then(|| ("lowest", "true".to_owned())));
        query.extend(view.top.map(|top| ("top", top.to_string())));
        if view.sort.is_none() && view.aggregate.is_empty() {
            query.push(("limit", PART.to_owned()));
        }
        let json = self.part_of_cache(&target, &query)?;
        let mut pages = Pages::new(&json, view, &self.view);
        Ok(First {
            target,
            query,
            text: pages.first(&json),
            pages,
            json,
        })
    }

    fn part_of_cache(
        &mut self,
        target: &str,
        query: &[(&'static str, String)],
    ) -> Result<Json, Failure> {
        let query: Vec<(&str, &str)> = query
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        Ok(self.client.get(target, &query)?)
    }
}

impl First {
    /// The answer with the flows of all parts.
    pub(super) fn whole(self, shell: &mut Shell) -> Result<Json, Failure> {
        let First {
            target,
            mut query,
            mut json,
            ..
        } = self;
        while let Some(next) = json["next"].as_str().map(str::to_owned) {
            query.retain(|(key, _)| *key != "after");
            query.push(("after", next));
            let mut part = shell.part_of_cache(&target, &query)?;
            let more = part["flows"].take();
            if let (Some(flows), Json::Array(more)) = (json["flows"].as_array_mut(), more) {
                flows.extend(more);
            }
            json["next"] = part["next"].take();
        }
        json["shown"] = json["flows"].as_array().map_or(0, Vec::len).into();
        Ok(json)
    }

    /// The answer when it is the whole one, or the listing that it begins.
    pub(super) fn piped(
        self,
        pipes: &[Pipe],
        line: &str,
        shell: &Shell,
    ) -> Result<(Answer, Option<Listing>), Failure> {
        let home = shell.home.as_deref();
        let next = self.json["next"].as_str().map(str::to_owned);
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
        let shown = self.json["flows"].as_array().map_or(0, Vec::len) as u64;
        let (begun, form) = match json {
            true => {
                let mut latest = String::new();
                let begun = json_head(&self.json) + &json_flows(&mut latest, &self.json);
                (begun, Form::Json(latest))
            }
            false => (self.text, Form::Screen(self.pages)),
        };
        let listing = Listing {
            target: self.target,
            query: self.query,
            next,
            begun: Some(begun),
            shown,
            total: self.json["total"].as_u64().unwrap_or_default(),
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
    /// How far it is.
    pub(crate) fn progress(&self) -> String {
        format!("{} of {} flows", self.shown, self.total)
    }

    /// The next part; `None` when there are no more.
    ///
    /// # Errors
    /// What the daemon says, or that the operator has seen enough.
    pub(crate) fn part(&mut self, shell: &mut Shell) -> Result<Option<String>, Failure> {
        if let Some(begun) = self.begun.take() {
            return self.pipeline.text(begun).map(Some);
        }
        if shell.client.interrupted() {
            return Err(Failure::plain("interrupted"));
        }
        if let Some(next) = self.next.take() {
            self.query.retain(|(key, _)| *key != "after");
            self.query.push(("after", next));
            let answer = shell.part_of_cache(&self.target, &self.query)?;
            let flows = answer["flows"].as_array().map_or(&[][..], Vec::as_slice);
            self.next = answer["next"].as_str().map(str::to_owned);
            self.shown += flows.len() as u64;
            let text = match &mut self.form {
                Form::Screen(pages) => pages.more(flows),
                Form::Json(latest) => json_flows(latest, &answer),
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

/// The object up to its flows.
fn json_head(answer: &Json) -> String {
    let mut text = String::from("{\n");
    let members = answer.as_object().into_iter().flatten();
    for (name, value) in
        members.filter(|(name, _)| !["flows", "shown", "next"].contains(&name.as_str()))
    {
        let value = indented(value, 2);
        text += &format!("  \"{name}\": {},\n", value.trim_start());
    }
    text + "  \"flows\": [\n"
}

/// Further flows, without the last one of them, which becomes `latest`.
fn json_flows(latest: &mut String, answer: &Json) -> String {
    let mut text = String::new();
    for flow in answer["flows"].as_array().into_iter().flatten() {
        let before = std::mem::replace(latest, indented(flow, 4));
        if !before.is_empty() {
            text += &before;
            text += ",\n";
        }
    }
    text
}

/// As `to_string_pretty` writes it so deep in an object.
fn indented(value: &Json, spaces: usize) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    let mut indented = String::with_capacity(text.len() * 2);
    for (i, line) in text.lines().enumerate() {
        if i > 0 {
            indented.push('\n');
        }
        indented.extend(std::iter::repeat_n(' ', spaces));
        indented.push_str(line);
    }
    indented
}

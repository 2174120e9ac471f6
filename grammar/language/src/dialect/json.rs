//! JSON, for programs: containers and names are objects, single values strings or numbers, several values
//! arrays, and leaves without a value `true`.

mod locate;

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::load::Loader;
use crate::order::entries;
use crate::part::{Relation, Select};
use crate::resolve::{Cursor, Manner, Target, resolve, resolve_noted};
use crate::schema::{Kind, Place, Type, root, shown};
use crate::word::{MAX_DEPTH, Shape, Span, Word};
use crate::{Code, Problem, Tree};

use locate::{Step, locate};

/// A JSON value whose objects keep their order and have every name once.
enum Json {
    Null,
    True,
    False,
    Text(String),
    Number(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Json, D::Error> {
        from.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(if value { Json::True } else { Json::False })
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = from.next_element()? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some(name) = from.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!(
                    "the name {} is there twice",
                    shown(&name)
                )));
            }
            members.push((name, from.next_value()?));
        }
        Ok(Json::Object(members))
    }
}

/// Loads a text, one object.
pub(crate) fn load(loader: &mut Loader, text: &str) {
    let text = text.trim_start_matches('\u{feff}');
    let json = match serde_json::from_str::<Json>(text) {
        Ok(json) => json,
        Err(error) => {
            loader.report(syntax(text, &error));
            return;
        }
    };
    let mut reader = Reader {
        loader,
        text,
        steps: Vec::new(),
    };
    let from = reader.loader.at.clone();
    reader.members(&from, &json);
}

/// A syntax error with its place; serde_json counts columns in octets.
fn syntax(text: &str, error: &serde_json::Error) -> Problem {
    let line = error.line().max(1);
    let content = text.split('\n').nth(line - 1).unwrap_or("");
    let octets = error.column().saturating_sub(1).min(content.len());
    let column = content
        .bytes()
        .take(octets)
        .filter(|b| b & 0xc0 != 0x80)
        .count()
        + 1;
    let place = Span {
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
        length: 1,
    };
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    let hint = match message {
        text if text.starts_with("EOF") => "the text ends too early: close what is open",
        text if text.starts_with("trailing comma") => "nothing follows the comma: take it out",
        text if text.starts_with("trailing char") => "one object in { } is all there can be",
        text if text.starts_with("the name") => "put its values into one",
        _ => "{\"name\": value, …}, names and texts in double quotes (RFC 8259)",
    };
    place.problem(
        Code::Syntax,
        format!("not JSON: {message}"),
        Some(hint.into()),
    )
}

struct Reader<'a, 'b> {
    loader: &'b mut Loader,
    text: &'a str,
    steps: Vec<Step>,
}

impl Reader<'_, '_> {
    /// Reports at the value that the steps lead to. Finding its place reads the text from the beginning, so it
    /// is done for problems that are told only.
    fn report(&mut self, code: Code, message: String, hint: Option<String>) {
        let place = match self.loader.is_full() {
            true => Span::default(),
            false => locate(self.text, &self.steps, false),
        };
        self.loader.report(place.problem(code, message, hint));
    }

    /// The members of an object below `from`: words of a container, or names of a tag.
    fn members(&mut self, from: &Cursor, json: &Json) {
        let Json::Object(members) = json else {
            let what = from
                .path
                .last()
                .map_or("a configuration", String::as_str)
                .to_owned();
            return self.report(
                Code::InvalidValue,
                format!("{what} is an object"),
                Some("{ … } is expected".into()),
            );
        };
        if self.steps.len() > MAX_DEPTH {
            return self.report(
                Code::OutOfRange,
                "objects are nested too deep".into(),
                Some(format!("{MAX_DEPTH} levels are possible")),
            );
        }
        for (name, value) in members {
            self.steps.push(Step::Name(name.clone()));
            self.member(from, name, value);
            self.steps.pop();
        }
    }

    fn member(&mut self, from: &Cursor, name: &str, json: &Json) {
        let select = self.loader.select;
        let (relation, section) = select.relation_of(from, &[name]);
        // A leaf stands for itself; what is above a part is looked into.
        let leaf = !matches!(json, Json::Object(_));
        if relation == Relation::Other || (relation == Relation::Above && leaf) {
            return self.leave_out(json, &section);
        }
        let word = self.word(name);
        let words = std::slice::from_ref(&word);
        let known = self.loader.notes.len();
        let target = resolve_noted(from, words, MANNER, &mut self.loader.notes);
        if let Some(note) = self.loader.notes.get_mut(known) {
            let place = locate(self.text, &self.steps, true);
            *note = place.problem(note.code, std::mem::take(&mut note.message), None);
        }
        match target {
            Err(problem) if select != Select::All && problem.code == Code::NotHere => {
                let place = locate(self.text, &self.steps, true);
                self.loader
                    .note(place.problem(problem.code, problem.message, problem.hint));
            }
            // Finding a place takes time with the length of the text, so only what is told is looked for.
            Err(problem) if self.loader.is_full() => self.loader.report(problem),
            Err(problem) => {
                let place = locate(self.text, &self.steps, true);
                self.loader
                    .report(place.problem(problem.code, problem.message, problem.hint));
            }
            Ok(Target::Branch(cursor)) => {
                if let (Json::Object(_), Place::Words(_)) = (json, cursor.place)
                    && relation != Relation::Above
                    && let Err(problem) =
                        self.loader.set(Target::Branch(cursor.clone()), word.place)
                {
                    self.moved(problem);
                }
                self.members(&cursor, json);
            }
            Ok(Target::Whole(path, node)) if node.kind() == Kind::Tag => {
                self.members(
                    &Cursor {
                        place: Place::Name(node),
                        path,
                    },
                    json,
                );
            }
            Ok(Target::Flag(path)) => match json {
                Json::True => self.apply(Target::Flag(path)),
                // As VyOS writes it.
                Json::Object(members) if members.is_empty() => self.apply(Target::Flag(path)),
                Json::Text(text) if text == "true" => self.apply(Target::Flag(path)),
                _ => self.report(
                    Code::InvalidValue,
                    format!("{name} has no value but true"),
                    Some("leave it out to not have it".into()),
                ),
            },
            Ok(Target::Whole(path, node)) => self.values(
                Cursor {
                    place: Place::Value(node),
                    path,
                },
                name,
                json,
            ),
            Ok(Target::Values(..)) => {}
        }
    }

    /// Leaves out the member that the steps lead to.
    fn leave_out(&mut self, json: &Json, section: &str) {
        let first = locate(self.text, &self.steps, true).line;
        let mut steps = self.steps.clone();
        let mut depth = 0;
        let mut last = json;
        loop {
            last = match last {
                Json::Object(members) if !members.is_empty() => {
                    let (name, value) = &members[members.len() - 1];
                    steps.push(Step::Name(name.clone()));
                    value
                }
                Json::Array(values) if !values.is_empty() => {
                    steps.push(Step::Element(values.len() - 1));
                    &values[values.len() - 1]
                }
                _ => break,
            };
            depth += 1;
        }
        let end = locate(self.text, &steps, false).line;
        // The braces behind it, each on a line of its own where the lines are indented.
        let closing = if end > first { depth } else { 0 };
        self.loader
            .left
            .add(first, end - first + 1 + closing, section);
    }

    fn values(&mut self, leaf: Cursor, name: &str, json: &Json) {
        let multi = leaf.place.node().kind() == Kind::Multi;
        match json {
            Json::Array(values) if multi => {
                for (at, value) in values.iter().enumerate() {
                    self.steps.push(Step::Element(at));
                    self.value(&leaf, name, value);
                    self.steps.pop();
                }
            }
            value => self.value(&leaf, name, value),
        }
    }

    fn value(&mut self, leaf: &Cursor, name: &str, json: &Json) {
        let text = match json {
            Json::Text(text) | Json::Number(text) => text,
            Json::Array(_) => {
                return self.report(
                    Code::Syntax,
                    format!("{name} has one value"),
                    Some("leave the brackets out".into()),
                );
            }
            _ => {
                return self.report(
                    Code::InvalidValue,
                    format!("{name} has a string or a number"),
                    Some(leaf.place.node().row.help_line()),
                );
            }
        };
        let word = self.word(text);
        match resolve(leaf, std::slice::from_ref(&word), MANNER) {
            Ok(target) => self.apply(target),
            Err(problem) => self.moved(problem),
        }
    }

    fn apply(&mut self, target: Target) {
        if let Err(problem) = self.loader.set(target, Span::default()) {
            self.moved(problem);
        }
    }

    /// Reports a problem of a word at the place the word has in the text.
    fn moved(&mut self, problem: Problem) {
        self.report(problem.code, problem.message, problem.hint);
    }

    fn word<'a>(&self, text: &'a str) -> Word<'a> {
        Word {
            shape: Shape::Quoted,
            text: text.into(),
            place: Span::default(),
            start: 0,
            end: 0,
        }
    }
}

const MANNER: Manner = Manner {
    abbreviate: false,
    ios: None,
};

/// Writes the tree as one object, indented.
pub(crate) fn render(tree: &Tree) -> String {
    let mut text =
        serde_json::to_string_pretty(&value(Place::Words(root()), tree)).unwrap_or_default();
    text.push('\n');
    text
}

/// The tree as a JSON value.
pub(crate) fn value(place: Place, tree: &Tree) -> Value {
    match (place, tree) {
        (Place::Value(node), Tree::Leaf(values)) => {
            let one = |value: &String| scalar(node.row.value, value);
            match node.kind() {
                Kind::Multi => Value::Array(values.iter().map(one).collect()),
                _ => values.first().map_or(Value::Null, one),
            }
        }
        (_, Tree::Leaf(_)) => Value::Bool(true),
        (_, Tree::Branch(_)) => {
            let mut members = Map::new();
            for (word, place, tree) in entries(place, tree) {
                members.insert(word.to_owned(), value(place, tree));
            }
            Value::Object(members)
        }
    }
}

/// A number where the leaf is one.
fn scalar(kind: Type, text: &str) -> Value {
    match (kind, text.parse::<u64>()) {
        (Type::Number { .. } | Type::Choice(_), Ok(number)) => Value::from(number),
        _ => Value::from(text),
    }
}

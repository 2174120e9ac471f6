//! An IOS text, line by line: where each line belongs, and what is left out below one that is not taken.

use std::collections::HashMap;

use super::classic::Translation;
use super::foreign::{begins_text, section};
use super::line::Line;
use super::{Found, Mode, classic, find, forms, global, opened_interface, submode, words};
use crate::load::Loader;
use crate::near::near;
use crate::part::{Relation, Select};
use crate::resolve::{Cursor, spoken};
use crate::schema::Place;
use crate::source::{self, SourceLine};
use crate::word::{Word, printable};
use crate::{Code, Problem};

/// Loads a text line by line; each line sees what those before it did.
pub(crate) fn load(loader: &mut Loader, text: &str) {
    let source: Vec<SourceLine> = source::lines(text).collect();
    let texts = texts(&source);
    let indents = |(at, line): (usize, &SourceLine)| {
        line.depth > 0 && !texts.contains_key(&at) && !words(line).is_empty()
    };
    let indented = source.iter().enumerate().any(indents);
    let mut reader = Reader {
        mode: Mode {
            cursor: loader.at.clone(),
        },
        loader,
        indented,
        below: None,
        opened: None,
        interface: None,
        nested: false,
        classic: Translation::default(),
    };
    for (at, line) in source.iter().enumerate() {
        match texts.get(&at) {
            Some(section) => reader.loader.left.add(line.number, 1, section),
            None => reader.line(line),
        }
    }
    std::mem::take(&mut reader.classic).finish(reader.loader);
    super::attachment::finish(reader.loader);
}

/// The lines that belong to texts such as banners and certificates, with the section each is of. The line that begins a text is not
/// among them.
fn texts(source: &[SourceLine]) -> HashMap<usize, String> {
    let mut texts = HashMap::new();
    let mut at = 0;
    while at < source.len() {
        let line = source[at].text;
        let ends = begins_text(line);
        let last = ends.and_then(|ends| {
            let mut after = source[at + 1..].iter();
            after.position(|line| ends.with(line.text))
        });
        at += 1;
        // A text without an end is none.
        if let Some(last) = last {
            texts.extend((at..=at + last).map(|at| (at, section(line))));
            at += last + 1;
        }
    }
    texts
}

/// Lines that are left out below one that is not taken.
struct Below {
    depth: u32,
    section: String,
    /// The problem of the line above them, where it has one.
    problem: Option<usize>,
}

/// `interface NAME` in a text of which only the flow parts are read: it is looked at when a line below it is one of them.
struct Interface<'a> {
    line: Line<'a>,
    number: u32,
    /// Its cursor, or nothing where its name is refused.
    cursor: Option<Option<Cursor>>,
}

struct Reader<'a, 'b> {
    loader: &'b mut Loader,
    mode: Mode,
    /// Whether the text indents the lines of a submode.
    indented: bool,
    below: Option<Below>,
    /// The submode that the cursor is in: how far the line that opened it is indented, and whether the lines below it are more so.
    opened: Option<(u32, Option<bool>)>,
    interface: Option<Interface<'a>>,
    /// Below `version 9` of NX-OS, whose lines are the exporter's here.
    nested: bool,
    classic: Translation,
}

impl<'a> Reader<'a, '_> {
    fn line(&mut self, source: &SourceLine<'a>) {
        let words = words(source);
        let Some(first) = words.first() else {
            // What a router writes between two sections.
            if source.depth == 0 && source.text.trim_start().starts_with('!') {
                self.below = None;
            }
            return;
        };
        if let Some(below) = &self.below {
            let leaves = leaves(&words);
            let flush = !self.indented && source.depth == below.depth;
            if source.depth > below.depth || (flush && (leaves || !begins(&words))) {
                self.loader.left.add(source.number, 1, &below.section);
                if let Some(problem) = below.problem {
                    self.loader.count_below(problem);
                }
                if flush && leaves {
                    self.below = None;
                }
                return;
            }
            self.below = None;
        }
        if leaves(&words) {
            if !(std::mem::take(&mut self.nested) && is(first, "exit")) {
                self.mode.cursor = Cursor::root();
                self.interface = None;
            }
            return;
        }
        let negated = matches!(&*first.text.to_ascii_lowercase(), "no" | "default");
        let line = Line {
            text: source.text,
            no: negated,
            words: if negated {
                words[1..].to_vec()
            } else {
                words.clone()
            },
        };
        if line.words.is_empty() {
            self.report(first.place.after().problem(
                Code::MissingValue,
                "a word is missing",
                Some("say what to delete".into()),
            ));
            return;
        }
        self.leave_by_indentation(source);
        let before = self.mode.cursor.path.clone();
        match self.loader.select {
            Select::All => self.statement(source, &line),
            Select::Flow | Select::FlowAndHost => self.selected(source, line),
        }
        if self.mode.cursor.path != before && self.interface.is_none() {
            self.opened = self.tag().map(|_| (source.depth, None));
        }
    }

    /// Leaves a submode whose lines are indented when one is not.
    fn leave_by_indentation(&mut self, source: &SourceLine) {
        match &mut self.opened {
            Some((depth, Some(true))) if source.depth <= *depth => {
                self.opened = None;
                self.mode.cursor = Cursor::root();
                self.nested = false;
            }
            Some((depth, inside @ None)) => *inside = Some(source.depth > *depth),
            _ => {}
        }
    }

    fn report(&mut self, problem: Problem) {
        self.loader.report(problem);
    }

    /// A statement of this language; what is not one is wrong.
    fn statement(&mut self, source: &SourceLine<'a>, line: &Line<'a>) {
        let found = find(&self.mode.cursor, line);
        let is_global = matches!(found, Found::Global(_) | Found::Unknown(_));
        let result = self.run(source, line, found);
        let Err(problem) = result else { return };
        let first = &line.words[0];
        let unknown = problem.code == Code::UnknownWord && problem.column == first.place.column;
        let inside = self.mode.cursor.path.len() > self.loader.at.path.len().min(1);
        // A slip in a word of the submode is not another statement.
        let slip = unknown
            && inside
            && (source.depth > 0 || near(&first.text, submode::words(&self.mode.cursor)).is_some());
        self.report(problem);
        if !is_global || (slip && source.depth == 0) {
            return;
        }
        if !slip {
            self.mode.cursor = Cursor::root();
        }
        self.below = Some(Below {
            depth: source.depth,
            section: section(source.text),
            problem: self.loader.problems.len().checked_sub(1),
        });
    }

    fn run(
        &mut self,
        source: &SourceLine<'a>,
        line: &Line<'a>,
        found: Found,
    ) -> Result<(), Problem> {
        printable(source, self.loader.select)?;
        match found {
            Found::Here(picked) => submode::statement(self.loader, &self.mode, picked, line)
                .map_err(|problem| {
                    classic::interface(&line.words)
                        .or_else(|| self.other_form(line))
                        .unwrap_or(problem)
                }),
            Found::Global(picked) => {
                // What the global mode has leaves a submode.
                let level = self.loader.at.path.is_empty();
                if level {
                    self.mode.cursor = Cursor::root();
                }
                global(self.loader, &mut self.mode, picked, line)
                    .map_err(|problem| classic::global(&line.words).unwrap_or(problem))
            }
            Found::Ambiguous(problem) => Err(problem),
            Found::Unknown(problem) => Err(classic::global(&line.words)
                .or_else(|| classic::interface(&line.words))
                .or_else(|| self.other_form(line))
                .unwrap_or(problem)),
        }
    }

    /// The row of the tag whose submode the cursor is in.
    fn tag(&self) -> Option<&'static str> {
        match self.mode.cursor.place {
            Place::Words(node) if submode::is_submode(&self.mode.cursor) => Some(node.row.path),
            _ => None,
        }
    }

    /// The problem of a statement that other routers have, which says how it is written here.
    fn other_form(&self, line: &Line) -> Option<Problem> {
        let lines = forms::here(self.tag()?, line)?;
        let place = line.words[0].place.to(line.last().place);
        let words: Vec<&str> = line.words.iter().map(|word| &*word.text).collect();
        Some(place.problem(
            Code::NotHere,
            format!("{} is not written so here", words.join(" ")),
            Some(format!("write {}", lines.join(" and "))),
        ))
    }

    /// A line of a text of which only some parts are read.
    fn selected(&mut self, source: &SourceLine<'a>, line: Line<'a>) {
        if self.interface.is_some() {
            let belongs = match self.indented {
                true => source.depth > 0,
                false => !begins(&line.words),
            };
            if belongs {
                return self.in_interface(source, &line);
            }
            self.interface = None;
            self.mode.cursor = Cursor::root();
        }
        if self.mode.cursor.path.len() > self.loader.at.path.len() && self.in_submode(source, &line)
        {
            return;
        }
        self.mode.cursor = Cursor::root();
        self.nested = false;
        if let Some(read) = self.classic.global(self.loader, &line) {
            if let Err(problem) = read {
                self.report(problem);
            }
            if is(&line.words[0], "ip") {
                self.below = Some(Below {
                    depth: source.depth,
                    section: section(source.text),
                    problem: None,
                });
            }
            return;
        }
        let first = line.words[0].text.to_ascii_lowercase();
        if first == "interface" || first == "int" {
            self.interface = Some(Interface {
                number: source.number,
                line,
                cursor: None,
            });
            return;
        }
        let ours = match (&*first, line.words.get(1)) {
            ("flow", Some(second)) => second.text != "platform" && second.text != "hardware",
            ("sampler" | "flow-sampler-map", _) => true,
            ("logging", Some(second)) => is_syslog_host(second, &line),
            ("hostname", _) => self.loader.select == Select::FlowAndHost,
            ("system" | "interfaces" | "flow-accounting", _) => {
                let words: Vec<&str> = line.words.iter().map(|word| &*word.text).collect();
                let select = self.loader.select;
                let (relation, _) = select.relation_of(&Cursor::root(), &words);
                matches!(relation, Relation::Flow | Relation::Host)
            }
            _ => false,
        };
        if !ours {
            return self.leave_out(source);
        }
        let line = match &*first {
            // The map is a sampler here.
            "flow-sampler-map" => Line {
                words: [&[renamed(&line.words[0], "sampler")], &line.words[1..]].concat(),
                ..line
            },
            _ => line,
        };
        self.statement(source, &line);
    }

    fn leave_out(&mut self, source: &SourceLine) {
        let section = section(source.text);
        self.loader.left.add(source.number, 1, &section);
        self.below = Some(Below {
            depth: source.depth,
            section,
            problem: None,
        });
    }

    /// A line of a flow record, an exporter and so on. False: it is not below it.
    fn in_submode(&mut self, source: &SourceLine<'a>, line: &Line<'a>) -> bool {
        let here = self.tag().and_then(|tag| forms::here(tag, line));
        if let Some(lines) = here {
            self.nested |= is(&line.words[0], "version");
            self.translated(source, line, &lines);
            return true;
        }
        match find(&self.mode.cursor, line) {
            Found::Global(_) => false,
            Found::Unknown(_) if source.depth == 0 => {
                let slip = near(&line.words[0].text, submode::words(&self.mode.cursor));
                if self.indented || slip.is_none() {
                    return false;
                }
                self.statement(source, line);
                true
            }
            _ => {
                self.statement(source, line);
                true
            }
        }
    }

    /// A statement of another router as statements of this language, each at the place of the one that was written.
    fn translated(&mut self, source: &SourceLine<'a>, line: &Line<'a>, lines: &[String]) {
        let place = line.words[0].place.to(line.last().place);
        for text in lines {
            let one = SourceLine { text, ..*source };
            let mut words = words(&one);
            words.iter_mut().for_each(|word| word.place = place);
            let line = Line {
                text,
                words,
                no: line.no,
            };
            let found = find(&self.mode.cursor, &line);
            let result = match found {
                Found::Here(picked) => submode::statement(self.loader, &self.mode, picked, &line),
                Found::Ambiguous(problem) | Found::Unknown(problem) => Err(problem),
                Found::Global(_) => Ok(()),
            };
            if let Err(problem) = result {
                return self.report(problem);
            }
        }
        let written: Vec<&str> = line.words.iter().map(|word| &*word.text).collect();
        let note = format!("{} is kept as {}", written.join(" "), lines.join(" and "));
        self.loader
            .note(place.problem(Code::Translated, note, None));
    }

    /// A line below `interface NAME`.
    fn in_interface(&mut self, source: &SourceLine<'a>, line: &Line<'a>) {
        let texts: Vec<String> = line
            .words
            .iter()
            .take(3)
            .map(|word| word.text.to_ascii_lowercase())
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let select = self.loader.select;
        let own = |words: &[&str]| {
            let path = [&["interfaces", "ethernet", "*"], words].concat();
            select.relation(&path)
        };
        let ours = match texts[..] {
            [
                "ip" | "ipv6" | "datalink" | "layer2-switched",
                "flow",
                "monitor",
            ]
            | ["ip", "flow", "ingress" | "egress"]
            | ["ip", "route-cache", "flow"]
            | ["flow-sampler", ..] => true,
            ["ip" | "ipv6", "address", ..] => own(&["address"]) == Relation::Host,
            ["shutdown"] => own(&["disable"]) == Relation::Host,
            [first, ..] => {
                matches!(own(&[first]), Relation::Flow | Relation::Host) && first != "flow"
            }
            [] => false,
        };
        let Some(interface) = &mut self.interface else {
            return;
        };
        if !ours {
            return self.loader.left.add(source.number, 1, "interface");
        }
        if interface.cursor.is_none() {
            let opened = opened_interface(self.loader, &interface.line);
            interface.cursor = Some(match opened {
                Ok(cursor) => cursor,
                Err(problem) => {
                    self.loader.report(problem);
                    None
                }
            });
        }
        let Some(Some(cursor)) = interface.cursor.clone() else {
            let problem = self.loader.problems.len().checked_sub(1);
            if let Some(problem) = problem {
                self.loader.count_below(problem);
            }
            return self.loader.left.add(source.number, 1, "interface");
        };
        let number = interface.number;
        debug_assert!(number < source.number);
        self.mode.cursor = cursor;
        if let Some(read) = self.classic.in_interface(&self.mode.cursor, line) {
            if let Err(problem) = read {
                self.report(problem);
            }
            return;
        }
        if let Some(lines) = self.tag().and_then(|tag| forms::here(tag, line)) {
            return self.translated(source, line, &lines);
        }
        let found = find(&self.mode.cursor, line);
        if let Err(problem) = self.run(source, line, found) {
            self.report(problem);
        }
    }
}

fn is(word: &Word, text: &str) -> bool {
    word.text.eq_ignore_ascii_case(text)
}

/// `exit` and `end` leave a submode.
fn leaves(words: &[Word]) -> bool {
    matches!(spoken(words), [word] if is(word, "exit") || is(word, "end"))
}

/// Whether a line that is not indented begins something of this language, whatever stands before it.
fn begins(words: &[Word]) -> bool {
    begins_with(words.iter().map(|word| &*word.text))
}

/// Whether an IOS line begins something of this language, whatever stands before it.
pub fn begins_statement(line: &str) -> bool {
    begins_with(line.split_whitespace())
}

fn begins_with<'a>(words: impl Iterator<Item = &'a str>) -> bool {
    let words: Vec<String> = words
        .take(3)
        .map(str::to_ascii_lowercase)
        .skip_while(|word| word == "no" || word == "default")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["flow", kind, ..] => crate::schema::lookup(["flow", kind]).is_some() || kind == "timeout",
        ["interface" | "int", _, ..] => true,
        ["sampler" | "hostname" | "flow-sampler-map", _, ..] => true,
        [
            "system" | "interfaces" | "flow-accounting" | "comment",
            _,
            ..,
        ] => true,
        ["service", word, ..] => crate::schema::lookup(["service", word]).is_some(),
        ["logging", "host", ..] | ["ip", "flow-export" | "flow-cache", ..] => true,
        ["logging", host, ..] => host.parse::<std::net::IpAddr>().is_ok(),
        ["feature", "netflow"] => true,
        _ => false,
    }
}

/// `logging host NAME` and `logging ADDRESS`; what else IOS logs to is no syslog host.
fn is_syslog_host(second: &Word, line: &Line) -> bool {
    match is(second, "host") {
        true => line.words.len() > 2,
        false => second.text.parse::<std::net::IpAddr>().is_ok(),
    }
}

fn renamed<'a>(word: &Word<'a>, text: &'static str) -> Word<'a> {
    Word {
        text: text.into(),
        ..word.clone()
    }
}

//! Braces, as VyOS (lines) and Junos (semicolons) write them. A comment that has a line to itself is about what comes next, and
//! is kept with it.

use std::collections::{BTreeMap, HashSet};

use pest::Parser;

use crate::dialect::set::written;
use crate::load::Loader;
use crate::order::entries;
use crate::part::{Relation, Select};
use crate::resolve::{Cursor, Manner, Target, resolve_noted};
use crate::schema::{Place, root};
use crate::source;
use crate::word::{Line, MAX_DEPTH, Shape, Span, Word, quoted};
use crate::{Code, Problem, Tree};

#[derive(pest_derive::Parser)]
#[grammar = "dialect/curly.pest"]
struct CurlyParser;

/// The words of a line. `comment` is where a comment began that is still open, before and after the line.
pub(crate) fn words<'a>(line: &'a str, number: u32, comment: &mut Option<Span>) -> Vec<Word<'a>> {
    let mut words = Line::new(line, number);
    let rule = if comment.is_some() {
        Rule::inside
    } else {
        Rule::line
    };
    // The grammar takes every line; were it not so, the line would be one word and refused as unknown.
    let Ok(pairs) = CurlyParser::parse(rule, line) else {
        words.push(Shape::Bare, 0, line.len());
        return words.finish();
    };
    for pair in pairs {
        let span = pair.as_span();
        let shape = match pair.as_rule() {
            Rule::string => Shape::Quoted,
            Rule::unclosed => Shape::Unclosed,
            Rule::open => Shape::Open,
            Rule::close => Shape::Close,
            Rule::list => Shape::ListOpen,
            Rule::listed => Shape::ListClose,
            Rule::semi => Shape::Semicolon,
            Rule::bare => Shape::Bare,
            Rule::going => Shape::Comment,
            Rule::end => {
                *comment = None;
                continue;
            }
            _ => continue,
        };
        words.push(shape, span.start(), span.end());
    }
    let mut words = words.finish();
    if words
        .last()
        .is_some_and(|word| word.shape == Shape::Comment)
    {
        *comment = words.pop().map(|word| Span {
            length: 2,
            ..word.place
        });
    }
    words
}

/// The text of the comment when a line is one `/* … */` and nothing else.
pub fn comment_alone(line: &str) -> Option<&str> {
    let text = line.trim().strip_prefix("/*")?.strip_suffix("*/")?;
    (!text.contains("*/")).then_some(text.trim())
}

/// An open brace.
struct Block {
    /// Where it stands; `None` when its header was wrong and its content is passed over.
    cursor: Option<Cursor>,
    open: Span,
    /// The section it is of, where it is left out as another part than those that are read.
    left_out: Option<String>,
}

struct Reader<'a, 'b> {
    loader: &'b mut Loader,
    blocks: Vec<Block>,
    statement: Vec<Word<'a>>,
    /// The line of the statement ended; only a brace can still belong to it.
    ended: bool,
    /// Open brackets of the statement.
    list: usize,
    /// The comment that stands before the next statement, and that before this one.
    next_comment: Option<&'a str>,
    comment: Option<&'a str>,
    /// What is said of which node.
    said: Vec<(Vec<String>, &'a str)>,
}

/// Loads a text.
pub(crate) fn load(loader: &mut Loader, text: &str) {
    let mut comment = None;
    let mut reader = Reader {
        loader,
        blocks: Vec::new(),
        statement: Vec::new(),
        ended: false,
        list: 0,
        next_comment: None,
        comment: None,
        said: Vec::new(),
    };
    for (line, number) in text.split('\n').zip(1..) {
        if let Some(text) = comment_alone(line).filter(|_| comment.is_none()) {
            reader.next_comment = Some(text);
        }
        if source::source_line(line, number).is_none() && comment.is_none() {
            continue;
        }
        if let Some(section) = reader.section() {
            let section = section.to_owned();
            reader.loader.left.add(number, 1, &section);
        }
        for word in words(line, number, &mut comment) {
            let Err(problem) = reader.word(word) else {
                continue;
            };
            // In a part that is read, a word that other systems have and this one has not is no fault of the file.
            if reader.loader.select != Select::All && problem.code == Code::NotHere {
                reader.loader.note(problem);
            } else {
                reader.loader.report(problem);
                if reader.blocks.len() > MAX_DEPTH {
                    return;
                }
            }
        }
        reader.ended = reader.list == 0;
    }
    let end = reader.finish();
    if let Err(problem) = end {
        reader.loader.report(problem);
    }
    for (path, text) in std::mem::take(&mut reader.said) {
        reader.loader.say(path, text);
    }
    if let Some(block) = reader.blocks.last() {
        let problem = block.open.problem(
            Code::Syntax,
            "{ without }",
            Some("the brace opened here is not closed".into()),
        );
        reader.loader.report(problem);
    }
    if let Some(open) = comment {
        reader.loader.report(open.problem(
            Code::Syntax,
            "the comment does not end",
            Some("close it with */".into()),
        ));
    }
}

impl<'a> Reader<'a, '_> {
    fn word(&mut self, word: Word<'a>) -> Result<(), Problem> {
        match word.shape {
            Shape::Open if self.list == 0 => return self.open(word.place),
            Shape::Close if self.list == 0 => {
                let ended = self.finish();
                if self.blocks.pop().is_none() {
                    ended?;
                    return Err(word.place.problem(
                        Code::Syntax,
                        "} without {",
                        Some("no brace is open here".into()),
                    ));
                }
                return ended;
            }
            Shape::Open | Shape::Close => {
                let list = std::mem::take(&mut self.statement);
                self.list = 0;
                let open = list
                    .iter()
                    .find(|word| word.shape == Shape::ListOpen)
                    .map_or(word.place, |word| word.place);
                let problem =
                    open.problem(Code::Syntax, "[ without ]", Some("close the list".into()));
                if word.shape == Shape::Open {
                    self.blocks.push(Block {
                        cursor: None,
                        open: word.place,
                        left_out: self.section().map(str::to_owned),
                    });
                } else {
                    self.blocks.pop();
                }
                return Err(problem);
            }
            Shape::Semicolon => return self.finish(),
            _ => {}
        }
        let ended = if self.ended && self.list == 0 {
            self.finish()
        } else {
            Ok(())
        };
        self.ended = false;
        match word.shape {
            Shape::ListOpen => self.list += 1,
            Shape::ListClose => self.list = self.list.saturating_sub(1),
            _ => {}
        }
        if self.statement.is_empty() {
            self.comment = self.next_comment.take();
        }
        self.statement.push(word);
        ended
    }

    /// The section of the block that is left out, if the reader is in one.
    fn section(&self) -> Option<&str> {
        self.blocks.last()?.left_out.as_deref()
    }

    /// Whether a statement is of a part that is read; else it is left out.
    fn relation(&mut self, from: &Cursor, words: &[Word]) -> (Relation, String) {
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        self.loader.select.relation_of(from, &texts)
    }

    fn cursor(&self) -> Option<&Cursor> {
        match self.blocks.last() {
            Some(block) => block.cursor.as_ref(),
            None => Some(&self.loader.at),
        }
    }

    /// `{`: the statement before it becomes a block.
    fn open(&mut self, place: Span) -> Result<(), Problem> {
        let words = std::mem::take(&mut self.statement);
        self.ended = false;
        let cursor = self.cursor().cloned();
        let left_out = self.section().map(str::to_owned);
        self.blocks.push(Block {
            cursor: None,
            open: place,
            left_out,
        });
        if self.blocks.len() > MAX_DEPTH {
            return Err(place.problem(
                Code::OutOfRange,
                "braces are nested too deep",
                Some(format!("{MAX_DEPTH} levels are possible")),
            ));
        }
        let Some(from) = cursor else { return Ok(()) };
        let Some(last) = words.last() else {
            return Err(place.problem(
                Code::Syntax,
                "{ without a word before it",
                Some("say what the braces hold".into()),
            ));
        };
        let comment = self.comment.take();
        let (relation, section) = self.relation(&from, &words);
        if relation == Relation::Other {
            let line = words[0].place.line;
            self.loader.left.add(line, place.line + 1 - line, &section);
            if let Some(block) = self.blocks.last_mut() {
                block.left_out = Some(section);
            }
            return Ok(());
        }
        let cursor = match resolve_noted(&from, &words, MANNER, &mut self.loader.notes)? {
            Target::Branch(cursor) => cursor,
            Target::Whole(path, node) if node.kind() == crate::schema::Kind::Tag => Cursor {
                place: Place::Name(node),
                path,
            },
            target => {
                let name = target.path().last().cloned().unwrap_or_default();
                return Err(place.problem(
                    Code::Syntax,
                    format!("{name} is a leaf and holds no braces"),
                    Some("write its value behind it, without braces".into()),
                ));
            }
        };
        // What is read may be below it, or not.
        if matches!(cursor.place, Place::Words(_)) && relation != Relation::Above {
            self.loader
                .set(Target::Branch(cursor.clone()), last.place)?;
        }
        self.said
            .extend(comment.map(|text| (cursor.path.clone(), text)));
        if let Some(block) = self.blocks.last_mut() {
            block.cursor = Some(cursor);
        }
        Ok(())
    }

    /// The end of a statement.
    fn finish(&mut self) -> Result<(), Problem> {
        let words = std::mem::take(&mut self.statement);
        (self.ended, self.list) = (false, 0);
        let (Some(last), Some(from)) = (words.last(), self.cursor().cloned()) else {
            return Ok(());
        };
        let comment = self.comment.take();
        let (relation, section) = self.relation(&from, &words);
        if matches!(relation, Relation::Other | Relation::Above) {
            let line = words[0].place.line;
            self.loader
                .left
                .add(line, last.place.line + 1 - line, &section);
            return Ok(());
        }
        let target = resolve_noted(&from, &words, MANNER, &mut self.loader.notes)?;
        let said = comment.map(|text| (target.path().to_vec(), text));
        self.loader.set(target, last.place)?;
        self.said.extend(said);
        Ok(())
    }
}

const MANNER: Manner = Manner {
    abbreviate: false,
    ios: None,
};

/// Writes the tree with braces, four columns a level. What is said of a node stands above it.
pub(crate) fn render(tree: &Tree) -> String {
    let mut writer = Writer::default();
    for (node, _) in tree.children(&["comment"]) {
        let text = tree.value(&["comment", node, "text"]).unwrap_or_default();
        if comment_alone(&format!("/* {text} */")) == Some(text) && !text.contains('\n') {
            writer.comments.insert(node, text);
        }
    }
    for (word, place, tree) in entries(Place::Words(root()), tree) {
        match tree {
            // Those that have no line to stand above.
            Tree::Branch(comments) if word == "comment" => {
                let rest = comments
                    .iter()
                    .filter(|(node, _)| !writer.placed.contains(node.as_str()))
                    .map(|(node, comment)| (node.clone(), comment.clone()));
                let rest: Tree = rest.collect();
                if !rest.is_empty() {
                    writer.entry(place, &rest, "", word, "");
                }
            }
            _ => writer.entry(place, tree, "", word, ""),
        }
    }
    writer.out
}

/// Writes one node, with nothing that is said of it.
pub(crate) fn entry(place: Place, tree: &Tree, tag: &str, word: &str, out: &mut String) {
    let mut writer = Writer::default();
    writer.entry(place, tree, tag, word, "");
    out.push_str(&writer.out);
}

#[derive(Default)]
struct Writer<'a> {
    out: String,
    /// By node, its words from the root.
    comments: BTreeMap<&'a str, &'a str>,
    /// Nodes whose comments are written.
    placed: HashSet<&'a str>,
    /// The node that is written.
    path: String,
}

impl Writer<'_> {
    /// Writes what is below `place`, each line after `indent`; `tag` is the tag whose names these are.
    fn block(&mut self, place: Place, tree: &Tree, tag: &str, indent: &str) {
        for (word, place, tree) in entries(place, tree) {
            self.entry(place, tree, tag, word, indent);
        }
    }

    fn entry(&mut self, place: Place, tree: &Tree, tag: &str, word: &str, indent: &str) {
        let above = self.path.len();
        if above > 0 {
            self.path.push(' ');
        }
        self.path.push_str(word);
        self.node(place, tree, tag, word, indent);
        self.path.truncate(above);
    }

    fn node(&mut self, place: Place, tree: &Tree, tag: &str, word: &str, indent: &str) {
        let head = if tag.is_empty() {
            quoted(word).into_owned()
        } else {
            format!("{tag} {}", quoted(word))
        };
        if let (Place::Name(_), Tree::Branch(_)) = (place, tree) {
            return self.block(place, tree, &head, indent);
        }
        if let Some((node, text)) = self.comments.get_key_value(self.path.as_str()) {
            self.placed.insert(node);
            self.out.push_str(&format!("{indent}/* {text} */\n"));
        }
        match (place, tree) {
            (Place::Value(node), Tree::Leaf(values)) => {
                for value in values {
                    let value = written(node.row.value, value);
                    self.out.push_str(&format!("{indent}{head} {value}\n"));
                }
            }
            (_, Tree::Branch(children)) if !children.is_empty() => {
                self.out.push_str(&format!("{indent}{head} {{\n"));
                self.block(place, tree, "", &format!("{indent}    "));
                self.out.push_str(&format!("{indent}}}\n"));
            }
            _ => self.out.push_str(&format!("{indent}{head}\n")),
        }
    }
}

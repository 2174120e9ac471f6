//! Braces, as VyOS (lines) and Junos (semicolons) write them.

use pest::Parser;

use crate::dialect::set::written;
use crate::load::Loader;
use crate::order::entries;
use crate::resolve::{Cursor, Manner, Target, resolve_noted};
use crate::schema::{Place, root};
use crate::word::{Line, MAX_DEPTH, Shape, Span, Word, quoted};
use crate::{Problem, Tree};

#[derive(pest_derive::Parser)]
#[grammar = "dialect/curly.pest"]
struct CurlyParser;

/// The words of a line. `comment` is where a comment began that is still open, before and after the line.
fn words<'a>(line: &'a str, number: u32, comment: &mut Option<Span>) -> Vec<Word<'a>> {
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

/// An open brace.
struct Block {
    /// Where it stands; `None` when its header was wrong and its content is passed over.
    cursor: Option<Cursor>,
    open: Span,
}

struct Reader<'a, 'b> {
    loader: &'b mut Loader,
    blocks: Vec<Block>,
    statement: Vec<Word<'a>>,
    /// The line of the statement ended; only a brace can still belong to it.
    ended: bool,
    /// Open brackets of the statement.
    list: usize,
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
    };
    for (line, number) in text.split('\n').zip(1..) {
        for word in words(line, number, &mut comment) {
            if let Err(problem) = reader.word(word)
                && (!reader.loader.report(problem) || reader.blocks.len() > MAX_DEPTH)
            {
                return;
            }
        }
        reader.ended = reader.list == 0;
    }
    let end = reader.finish();
    if let Err(problem) = end {
        reader.loader.report(problem);
    }
    if let Some(block) = reader.blocks.last() {
        let problem = block.open.problem(
            "{ without }",
            Some("the brace opened here is not closed".into()),
        );
        reader.loader.report(problem);
    }
    if let Some(open) = comment {
        reader
            .loader
            .report(open.problem("the comment does not end", Some("close it with */".into())));
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
                    return Err(word
                        .place
                        .problem("} without {", Some("no brace is open here".into())));
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
                let problem = open.problem("[ without ]", Some("close the list".into()));
                if word.shape == Shape::Open {
                    self.blocks.push(Block {
                        cursor: None,
                        open: word.place,
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
        self.statement.push(word);
        ended
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
        self.blocks.push(Block {
            cursor: None,
            open: place,
        });
        if self.blocks.len() > MAX_DEPTH {
            return Err(place.problem(
                "braces are nested too deep",
                Some(format!("{MAX_DEPTH} levels are possible")),
            ));
        }
        let Some(from) = cursor else { return Ok(()) };
        let Some(last) = words.last() else {
            return Err(place.problem(
                "{ without a word before it",
                Some("say what the braces hold".into()),
            ));
        };
        let cursor = match resolve_noted(&from, &words, MANNER, &mut self.loader.notes)? {
            Target::Branch(cursor) => cursor,
            Target::Whole(path, node) if node.kind() == crate::schema::Kind::Tag => Cursor {
                place: Place::Name(node),
                path,
            },
            target => {
                let name = target.path().last().cloned().unwrap_or_default();
                return Err(place.problem(
                    format!("{name} is a leaf and holds no braces"),
                    Some("write its value behind it, without braces".into()),
                ));
            }
        };
        if matches!(cursor.place, Place::Words(_)) {
            self.loader
                .set(Target::Branch(cursor.clone()), last.place)?;
        }
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
        let target = resolve_noted(&from, &words, MANNER, &mut self.loader.notes)?;
        self.loader.set(target, last.place)
    }
}

const MANNER: Manner = Manner {
    abbreviate: false,
    ios: None,
};

/// Writes the tree with braces, four columns a level.
pub(crate) fn render(tree: &Tree) -> String {
    let mut out = String::new();
    block(Place::Words(root()), tree, "", "", &mut out);
    out
}

/// Writes what is below `place`, each line after `indent`; `tag` is the tag whose names these are.
pub(crate) fn block(place: Place, tree: &Tree, tag: &str, indent: &str, out: &mut String) {
    for (word, place, tree) in entries(place, tree) {
        entry(place, tree, tag, word, indent, out);
    }
}

/// Writes one node.
pub(crate) fn entry(
    place: Place,
    tree: &Tree,
    tag: &str,
    word: &str,
    indent: &str,
    out: &mut String,
) {
    let head = if tag.is_empty() {
        quoted(word).into_owned()
    } else {
        format!("{tag} {}", quoted(word))
    };
    match (place, tree) {
        (Place::Value(node), Tree::Leaf(values)) => {
            for value in values {
                out.push_str(&format!(
                    "{indent}{head} {}\n",
                    written(node.row.value, value)
                ));
            }
        }
        (Place::Name(_), Tree::Branch(_)) => block(place, tree, &head, indent, out),
        (_, Tree::Branch(children)) if !children.is_empty() => {
            out.push_str(&format!("{indent}{head} {{\n"));
            block(place, tree, "", &format!("{indent}    "), out);
            out.push_str(&format!("{indent}}}\n"));
        }
        _ => out.push_str(&format!("{indent}{head}\n")),
    }
}

//! `set …` and `delete …` lines.

use pest::Parser;

use crate::load::Loader;
use crate::order::entries;
use crate::part::{Relation, Select};
use crate::resolve::{Manner, resolve_noted};
use crate::schema::{Pick, Place, Type, pick, root, shown, suggest};
use crate::source::{self, SourceLine};
use crate::word::{Line, Shape, Word, printable, quoted};
use crate::{Code, Problem, Tree};

#[derive(pest_derive::Parser)]
#[grammar = "dialect/set.pest"]
struct SetParser;

/// The words of a line.
fn words<'a>(source: &SourceLine<'a>) -> Vec<Word<'a>> {
    let line = source.text;
    let mut words = Line::of(source);
    // The grammar takes every line; were it not so, the line would be one word and refused as unknown.
    let Ok(pairs) = SetParser::parse(Rule::line, line) else {
        words.push(Shape::Bare, 0, line.len());
        return words.finish();
    };
    for pair in pairs {
        let shape = match pair.as_rule() {
            Rule::string | Rule::single => Shape::Quoted,
            Rule::unclosed => Shape::Unclosed,
            Rule::open => Shape::ListOpen,
            Rule::close => Shape::ListClose,
            Rule::bare => Shape::Bare,
            _ => continue,
        };
        let span = pair.as_span();
        words.push(shape, span.start(), span.end());
    }
    words.finish()
}

/// Loads a text line by line; each line sees what those before it did.
pub(crate) fn load(loader: &mut Loader, text: &str) {
    for source in source::lines(text) {
        let words = words(&source);
        if !words.is_empty() && !is_selected(loader, &source, &words) {
            continue;
        }
        let done = printable(&source, loader.select).and_then(|()| statement(loader, &words));
        if let Err(problem) = done {
            // In a part that is read, a word that other systems have and this one has not is no fault of the file.
            if loader.select != Select::All && problem.code == Code::NotHere {
                loader.note(problem);
            } else {
                loader.report(problem);
            }
        }
    }
}

/// Whether a line is of a part that is read; else it is left out.
fn is_selected(loader: &mut Loader, source: &SourceLine, words: &[Word]) -> bool {
    if loader.select == Select::All {
        return true;
    }
    let texts: Vec<&str> = words.iter().skip(1).map(|word| &*word.text).collect();
    let (relation, section) = loader.select.relation_of(&loader.at, &texts);
    if matches!(relation, Relation::Flow | Relation::Host) {
        return true;
    }
    loader.left.add(source.number, 1, &section);
    false
}

fn statement(loader: &mut Loader, words: &[Word]) -> Result<(), Problem> {
    let Some((verb, rest)) = words.split_first() else {
        return Ok(());
    };
    let verbs = ["set", "delete", "comment"];
    let Pick::One(picked) = pick(&verb.text, verbs.into_iter(), true) else {
        let hint = suggest(&verb.text, ["set", "delete"].into_iter());
        return Err(verb.place.problem(
            Code::UnknownWord,
            format!("unknown word {}", shown(&verb.text)),
            Some(hint),
        ));
    };
    if rest.is_empty() {
        let hint = format!("say what to {picked}");
        return Err(verb.place.after().problem(
            Code::MissingValue,
            "a word is missing",
            Some(hint),
        ));
    }
    let manner = Manner {
        abbreviate: true,
        ios: None,
    };
    let from = loader.at.clone();
    let last = &words[words.len() - 1];
    let path = match picked {
        "comment" if rest.len() == 1 => {
            let hint = "a text in quotes; \"\" removes the comment";
            return Err(last.place.after().problem(
                Code::MissingValue,
                "the comment is missing",
                Some(hint.into()),
            ));
        }
        "comment" => &rest[..rest.len() - 1],
        _ => rest,
    };
    let target = resolve_noted(&from, path, manner, &mut loader.notes)?;
    match picked {
        "comment" => {
            let path = target.path().to_vec();
            loader.comment(&path, &rest[..rest.len() - 1], last)
        }
        "set" => loader.set_line(target, words[words.len() - 1].place),
        _ => loader.delete(target, &from, rest),
    }
}

/// Writes the tree as `set` lines.
pub(crate) fn render(tree: &Tree) -> String {
    let mut out = String::new();
    if tree.is_empty() {
        return out;
    }
    lines(
        Place::Words(root()),
        tree,
        &mut String::from("set"),
        &mut out,
    );
    out
}

/// Writes a line for every value, flag and name without content below `prefix`.
pub(crate) fn lines(place: Place, tree: &Tree, prefix: &mut String, out: &mut String) {
    let mut line = |words: &str| {
        out.push_str(words);
        out.push('\n');
    };
    match (place, tree) {
        (Place::Value(node), Tree::Leaf(values)) => {
            for value in values {
                line(&format!("{prefix} {}", written(node.row.value, value)));
            }
        }
        (_, Tree::Leaf(_)) => line(prefix),
        (_, Tree::Branch(children)) if children.is_empty() => line(prefix),
        _ => {
            for (word, place, tree) in entries(place, tree) {
                let length = prefix.len();
                prefix.push(' ');
                prefix.push_str(&quoted(word));
                lines(place, tree, prefix, out);
                prefix.truncate(length);
            }
        }
    }
}

/// A value as set lines and braces have it: fields and records as bare words, others quoted where needed.
pub(crate) fn written(value_type: Type, value: &str) -> std::borrow::Cow<'_, str> {
    if value_type.many_words() {
        value.into()
    } else {
        quoted(value)
    }
}

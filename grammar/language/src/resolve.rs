//! Words against the schema: from a statement to the node it speaks of.

use std::borrow::Cow;

use crate::router_name::{self, Names};
use crate::schema::{
    self, Node, Pick, Place, Type, find_field, list, lookup, mask_length, pick, shown, suggest,
};
use crate::word::{MAX_PROBLEMS, Shape, Span, Word, vet};
use crate::{Code, Problem};

/// A point of the tree with what can be written there.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    pub(crate) place: Place,
    pub(crate) path: Vec<String>,
}

impl Cursor {
    pub(crate) fn root() -> Cursor {
        Cursor {
            place: Place::Words(schema::root()),
            path: Vec::new(),
        }
    }

    /// The cursor at a path of whole words; old words are replaced.
    pub(crate) fn at(path: &[String]) -> Option<Cursor> {
        let mut cursor = Cursor::root();
        for word in path {
            match cursor.place {
                Place::Words(node) => match node.old(word) {
                    Some(new) => cursor.jump(new)?,
                    None => {
                        cursor.place = node.child(word)?.place();
                        cursor.path.push(word.clone());
                    }
                },
                Place::Name(node) => {
                    cursor.path.push(node.accept(word, false).ok()?);
                    cursor.place = Place::Words(node);
                }
                Place::Value(_) | Place::End(_) => return None,
            }
        }
        Some(cursor)
    }

    fn jump(&mut self, new: &'static str) -> Option<()> {
        self.place = lookup(new.split(' '))?;
        self.path = new.split(' ').map(str::to_owned).collect();
        Some(())
    }
}

/// How a dialect writes words.
#[derive(Clone, Copy)]
pub(crate) struct Manner<'a> {
    /// Unique beginnings of keywords will do.
    pub(crate) abbreviate: bool,
    /// IOS: the line, for texts that run to its end, and the tree, for interface names.
    pub(crate) ios: Option<(&'a str, Names<'a>)>,
}

impl Manner<'_> {
    /// A keyword as it is looked up: in IOS lines, letters of both cases are the same.
    fn spelled<'w>(&self, word: &'w str) -> Cow<'w, str> {
        match self.ios {
            Some(_) if word.bytes().any(|b| b.is_ascii_uppercase()) => {
                word.to_ascii_lowercase().into()
            }
            _ => word.into(),
        }
    }
}

/// What a statement speaks of.
#[derive(Debug)]
pub(crate) enum Target {
    /// A container or a name.
    Branch(Cursor),
    /// A tag without a name, or a leaf without a value: enough to delete it.
    Whole(Vec<String>, &'static Node),
    /// A leaf with values.
    Values(Vec<String>, &'static Node, Vec<String>),
    /// A leaf that is there or not.
    Flag(Vec<String>),
}

impl Target {
    pub(crate) fn path(&self) -> &[String] {
        match self {
            Target::Branch(cursor) => &cursor.path,
            Target::Whole(path, _) | Target::Values(path, ..) | Target::Flag(path) => path,
        }
    }
}

/// Resolves a statement's words below `from`.
pub(crate) fn resolve(from: &Cursor, words: &[Word], manner: Manner) -> Result<Target, Problem> {
    resolve_noted(from, words, manner, &mut Vec::new())
}

/// The same; `notes` gets what words of other releases are here.
pub(crate) fn resolve_noted(
    from: &Cursor,
    words: &[Word],
    manner: Manner,
    notes: &mut Vec<Problem>,
) -> Result<Target, Problem> {
    let mut cursor = from.clone();
    let mut rest = words;
    loop {
        // Text that runs to the end of an IOS line is taken as it stands, quotes and all.
        if let (Place::Value(node), Some((line, _)), Some(first)) =
            (cursor.place, manner.ios, rest.first())
            && matches!(node.row.value, Type::Text { .. })
            && !(rest.len() == 1 && matches!(first.shape, Shape::Quoted | Shape::BadEscape))
            && !(rest.len() == 2
                && matches!(first.shape, Shape::Quoted)
                && rest[1].shape == Shape::Remark)
        {
            let last = &rest[rest.len() - 1];
            let place = first.place.to(last.place);
            let value = node.accept(line[first.start..].trim(), false);
            return Ok(Target::Values(cursor.path, node, vec![at(place, value)?]));
        }
        // Outside such a text, what is behind an exclamation mark says nothing.
        let alone = rest.len() == 1;
        if alone || matches!(cursor.place, Place::Value(_) | Place::End(_)) {
            rest = spoken(rest);
        }
        match cursor.place {
            Place::Words(node) => {
                let Some((word, after)) = rest.split_first() else {
                    return Ok(Target::Branch(cursor));
                };
                vet(&words[..words.len() - after.len()])?;
                keyword(&mut cursor, node, word, manner, notes)?;
                rest = after;
            }
            Place::Name(node) => {
                let Some((word, after)) = rest.split_first() else {
                    return Ok(Target::Whole(cursor.path, node));
                };
                vet(&words[..words.len() - after.len()])?;
                one_word(word)?;
                let (name, used) = value_words(node.row.value, rest, manner)?;
                let place = word.place.to(rest[used - 1].place);
                cursor
                    .path
                    .push(at(place, node.accept(&name, manner.abbreviate))?);
                cursor.place = Place::Words(node);
                rest = &rest[used..];
            }
            Place::Value(node) => {
                vet(words)?;
                if rest.is_empty() {
                    return Ok(Target::Whole(cursor.path, node));
                }
                let values = values(node, rest, manner)?;
                return Ok(Target::Values(cursor.path, node, values));
            }
            Place::End(node) => {
                vet(words)?;
                return match rest.first() {
                    None => Ok(Target::Flag(cursor.path)),
                    Some(extra) => Err(extra.place.problem(
                        Code::NotHere,
                        format!("the command ends at {}", node.word()),
                        Some("it has no value".into()),
                    )),
                };
            }
        }
    }
}

/// Words without the remark behind them.
pub(crate) fn spoken<'a, 'w>(words: &'a [Word<'w>]) -> &'a [Word<'w>] {
    match words.split_last() {
        Some((last, before)) if last.shape == Shape::Remark => before,
        _ => words,
    }
}

fn at<T>(place: Span, result: Result<T, schema::Refusal>) -> Result<T, Problem> {
    result.map_err(|refusal| place.problem(refusal.code, refusal.message, refusal.hint))
}

/// A word that is text, not a bracket.
fn one_word(word: &Word) -> Result<(), Problem> {
    match word.shape {
        Shape::ListOpen | Shape::ListClose => Err(word.place.problem(
            Code::Syntax,
            format!("unexpected {}", word.text),
            Some("brackets hold the values of a leaf that has several".into()),
        )),
        _ => Ok(()),
    }
}

/// Steps over a keyword.
fn keyword(
    cursor: &mut Cursor,
    node: &'static Node,
    word: &Word,
    manner: Manner,
    notes: &mut Vec<Problem>,
) -> Result<(), Problem> {
    one_word(word)?;
    if let Some(new) = node.old(&word.text) {
        // A short way at the top is no old word.
        if !std::ptr::eq(node, schema::root()) && notes.len() < MAX_PROBLEMS {
            let kept = format!("{} is kept as {new}", shown(&word.text));
            notes.push(word.place.problem(Code::OldWord, kept, None));
        }
        let jumped = cursor.jump(new);
        return jumped.ok_or_else(|| {
            word.place
                .problem(Code::InvalidValue, "an old word that leads nowhere", None)
        });
    }
    let words = node.children().iter().map(|child| child.word());
    let wrong =
        |code, message: String, hint: String| Err(word.place.problem(code, message, Some(hint)));
    // Before it abbreviates another.
    if let Some(why) = node.foreign(&word.text) {
        return wrong(
            Code::NotHere,
            format!("there is no {} here: {why}", word.text),
            "leave it out".into(),
        );
    }
    let spelled = manner.spelled(&word.text);
    match pick(&spelled, words.clone(), manner.abbreviate) {
        Pick::One(picked) => {
            if let Some(child) = node.child(picked) {
                cursor.place = child.place();
                cursor.path.push(picked.to_owned());
            }
            Ok(())
        }
        Pick::Many(many) => wrong(
            Code::Ambiguous,
            format!("{} is ambiguous", shown(&word.text)),
            list("possible", many),
        ),
        Pick::None => wrong(
            Code::UnknownWord,
            format!("unknown word {}", shown(&word.text)),
            suggest(&word.text, words),
        ),
    }
}

/// The values at the end of a statement.
fn values(node: &'static Node, words: &[Word], manner: Manner) -> Result<Vec<String>, Problem> {
    if words[0].shape == Shape::ListOpen {
        return list_values(node, words, manner);
    }
    let value_type = node.row.value;
    if value_type.many_words() && words[0].shape != Shape::Quoted {
        let place = words[0].place.to(words[words.len() - 1].place);
        for word in words {
            one_word(word)?;
        }
        if let Type::Match | Type::Collect = value_type {
            return field(words, matches!(value_type, Type::Match), manner)
                .map(|value| vec![value]);
        }
        let joined: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        return Ok(vec![at(place, node.accept(&joined.join(" "), false))?]);
    }
    one_word(&words[0])?;
    let (text, used) = value_words(value_type, words, manner)?;
    let text = match value_type {
        Type::Choice(_) => manner.spelled(&text).into_owned(),
        _ => text.into_owned(),
    };
    let value = at(
        words[0].place.to(words[used - 1].place),
        node.accept(&text, manner.abbreviate),
    )?;
    match words.get(used) {
        None => Ok(vec![value]),
        Some(extra) => Err(extra.place.problem(
            Code::Syntax,
            format!("unexpected {}", shown(&extra.text)),
            Some(match value_type {
                Type::Text { .. } => "put a text of several words in quotes".into(),
                _ if node.kind() == schema::Kind::Multi => {
                    "write a line for each, or all of them in [ ]".into()
                }
                _ => format!("{} has one value", node.word()),
            }),
        )),
    }
}

/// A field's words; the problem is at the wrong one.
fn field(words: &[Word], key: bool, manner: Manner) -> Result<String, Problem> {
    let texts: Vec<Cow<str>> = words
        .iter()
        .map(|word| manner.spelled(&word.text))
        .collect();
    let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
    find_field(&texts, key, manner.abbreviate)
        .map(|found| found.words)
        .map_err(|no| {
            let last = &words[words.len() - 1];
            let place = match words.get(no.at) {
                None => last.place.after(),
                Some(first) if no.at == 0 && no.code != Code::UnknownWord => {
                    first.place.to(last.place)
                }
                Some(word) => word.place,
            };
            place.problem(no.code, no.message, no.hint)
        })
}

/// `[ a b ]`, as Junos writes several values.
fn list_values(
    node: &'static Node,
    words: &[Word],
    manner: Manner,
) -> Result<Vec<String>, Problem> {
    let open = &words[0];
    if node.kind() != schema::Kind::Multi {
        return Err(open.place.problem(
            Code::Syntax,
            format!("{} has one value", node.word()),
            Some("leave the brackets out".into()),
        ));
    }
    let mut values = Vec::new();
    for (i, word) in words.iter().enumerate().skip(1) {
        match word.shape {
            Shape::ListClose if i + 1 < words.len() => {
                let extra = &words[i + 1];
                return Err(extra.place.problem(
                    Code::Syntax,
                    format!("unexpected {}", shown(&extra.text)),
                    Some("the list ends before it".into()),
                ));
            }
            Shape::ListClose if values.is_empty() => {
                return Err(open.place.to(word.place).problem(
                    Code::Syntax,
                    "the list is empty",
                    Some("a value is missing".into()),
                ));
            }
            Shape::ListClose => return Ok(values),
            Shape::ListOpen => {
                return Err(word.place.problem(
                    Code::Syntax,
                    "a list in a list",
                    Some("close the first one with ] before".into()),
                ));
            }
            _ => {
                let (text, _) = value_words(node.row.value, std::slice::from_ref(word), manner)?;
                let value = at(word.place, node.accept(&text, manner.abbreviate))?;
                if !values.contains(&value) {
                    values.push(value);
                }
                if values.len() > crate::word::MAX_VALUES {
                    return Err(too_many(word.place));
                }
            }
        }
    }
    Err(open
        .place
        .problem(Code::Syntax, "[ without ]", Some("close the list".into())))
}

pub(crate) fn too_many(place: Span) -> Problem {
    place.problem(
        Code::OutOfRange,
        "too many values",
        Some(format!("{} are possible", crate::word::MAX_VALUES)),
    )
}

/// The value that words begin with, and how many words it takes: one, except in IOS lines.
fn value_words<'a>(
    value: Type,
    words: &'a [Word],
    manner: Manner,
) -> Result<(Cow<'a, str>, usize), Problem> {
    match manner.ios {
        Some((_, names)) => ios_value(value, words, names),
        None => Ok((Cow::Borrowed(&*words[0].text), 1)),
    }
}

/// The value that words of an IOS line begin with, and how many words it takes: a router's name of an interface (`Gi 0/1`) is the
/// host's name of it, and an address may have its mask behind it.
pub(crate) fn ios_value<'a>(
    value: Type,
    words: &'a [Word],
    names: Names,
) -> Result<(Cow<'a, str>, usize), Problem> {
    let first = &words[0];
    match (value, words.get(1)) {
        (Type::Interface | Type::InterfaceOrAddress, _) => router_name::interface(words, names),
        (Type::InterfaceAddress, Some(mask)) => match mask_length(&mask.text) {
            Some(length) => Ok((format!("{}/{length}", first.text).into(), 2)),
            None => Err(mask.place.problem(
                Code::InvalidValue,
                format!("{} is not a mask", shown(&mask.text)),
                Some("a mask such as 255.255.255.0 is expected".into()),
            )),
        },
        _ => Ok((Cow::Borrowed(&*first.text), 1)),
    }
}

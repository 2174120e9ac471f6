//! `interface NAME`: what IOS has in words of its own.

use super::submode::{below, end, missing};
use super::{Statement, classic};
use crate::load::Loader;
use crate::resolve::{Cursor, Manner, Target, resolve};
use crate::schema::{
    Kind, Node, Pick, Place, default_word, is_ipv6, list, mask_length, pick, shown, suggest,
};
use crate::word::{Span, Word, vet};
use crate::{Code, Problem, Tree};

/// `shutdown` is `disable`. `no shutdown` is right whether or not it was there, as on a router.
pub(super) fn shutdown(
    loader: &mut Loader,
    cursor: &Cursor,
    statement: &Statement,
) -> Result<(), Problem> {
    end(statement.words, 1)?;
    let path = below(cursor, &["disable"]);
    if statement.no {
        loader.tree.remove(&path);
        return Ok(());
    }
    loader.set(Target::Flag(path), statement.words[0].place)
}

/// `ip …`, `ipv6 …`, `datalink …` in an interface.
pub(super) fn family(
    loader: &mut Loader,
    cursor: &Cursor,
    family: &'static str,
    statement: &Statement,
) -> Result<(), Problem> {
    vet(statement.words)?;
    let words = statement.words;
    if let Some(problem) = classic::interface(words) {
        return Err(problem);
    }
    let mut possible = Vec::new();
    if family != "datalink" {
        possible.push("address");
    }
    if cursor.path[1] == "ethernet" {
        possible.push("flow");
    }
    let Some(second) = words.get(1) else {
        return Err(missing(&words[0], "a word", list("possible", possible)));
    };
    match pick(&second.text, possible.iter().copied(), true) {
        Pick::One("address") => address(loader, cursor, family, statement),
        Pick::One(_) => monitor(loader, cursor, family, statement),
        _ => {
            let hint = suggest(&second.text, possible.iter().copied());
            Err(second.place.problem(
                Code::UnknownWord,
                format!("unknown word {}", shown(&second.text)),
                Some(hint),
            ))
        }
    }
}

/// `ip address A/LENGTH`, `ip address A MASK`, `ip address dhcp`; `no ip address` takes all of the family.
fn address(
    loader: &mut Loader,
    cursor: &Cursor,
    family: &str,
    statement: &Statement,
) -> Result<(), Problem> {
    let words = statement.words;
    let path = below(cursor, &["address"]);
    let of_family = |value: &str| match family {
        "ip" => !is_ipv6(value) && value != "dhcpv6",
        _ => is_ipv6(value) || value == "dhcpv6",
    };
    let Some(word) = words.get(2) else {
        if !statement.no {
            return Err(missing(
                &words[1],
                "an address",
                "such as 192.0.2.1/24 or 2001:db8::1/64",
            ));
        }
        let gone: Vec<String> = loader
            .tree
            .at(&path)
            .map(|leaf| leaf.values(&[]))
            .unwrap_or_default()
            .iter()
            .filter(|v| of_family(v))
            .cloned()
            .collect();
        if gone.is_empty() {
            return Err(words[1].place.problem(
                Code::NotFound,
                "the interface has no such address",
                Some("nothing to delete".into()),
            ));
        }
        let from = Cursor::root();
        let Place::Words(node) = cursor.place else {
            return Ok(());
        };
        let Some(leaf) = leaf(node, "address") else {
            return Ok(());
        };
        return loader.delete(Target::Values(path, leaf, gone), &from, words);
    };
    let (text, used) = match words.get(3) {
        Some(mask) => match mask_length(&mask.text) {
            Some(length) => (format!("{}/{length}", word.text), 4),
            None => {
                return Err(mask.place.problem(
                    Code::InvalidValue,
                    format!("{} is not a mask", shown(&mask.text)),
                    Some("a mask such as 255.255.255.0 is wanted".into()),
                ));
            }
        },
        None => (word.text.to_string(), 3),
    };
    end(words, used)?;
    let place = word.place.to(words[used - 1].place);
    let Place::Words(node) = cursor.place else {
        return Ok(());
    };
    let Some(leaf) = leaf(node, "address") else {
        return Ok(());
    };
    let value = leaf
        .accept(&text, false)
        .map_err(|refusal| place.problem(refusal.code, refusal.message, refusal.hint))?;
    if !of_family(&value) {
        let hint = format!(
            "write {} address",
            if family == "ip" { "ipv6" } else { "ip" }
        );
        return Err(place.problem(
            Code::InvalidValue,
            format!("{} is of the other family", shown(&value)),
            Some(hint),
        ));
    }
    let target = Target::Values(path, leaf, vec![value]);
    if statement.no {
        return loader.delete(target, &Cursor::root(), &words[..used]);
    }
    loader.set(target, place)
}

fn leaf(node: &'static Node, word: &str) -> Option<&'static Node> {
    node.child(word)
        .filter(|child| matches!(child.kind(), Kind::Leaf | Kind::Multi))
}

/// `ip flow monitor M [sampler S] input|output`. The tree has one direction for all families of a monitor.
fn monitor(
    loader: &mut Loader,
    cursor: &Cursor,
    family: &'static str,
    statement: &Statement,
) -> Result<(), Problem> {
    let words = statement.words;
    let word = |at: usize, what: &str, hint: &str| {
        words
            .get(at)
            .ok_or_else(|| missing(&words[at - 1], what, hint))
    };
    let keyword = word(2, "monitor", "ip flow monitor NAME input")?;
    if !matches!(
        pick(&keyword.text, ["monitor"].into_iter(), true),
        Pick::One(_)
    ) {
        let hint = suggest(&keyword.text, ["monitor"].into_iter());
        return Err(keyword.place.problem(
            Code::UnknownWord,
            format!("unknown word {}", shown(&keyword.text)),
            Some(hint),
        ));
    }
    let name = word(3, "a monitor's name", "ip flow monitor NAME input")?;
    let place = cursor_at(cursor, &["flow", "monitor"], name)?;
    let mut at = 4;
    let mut sampler = None;
    if let Some(keyword) = words.get(at)
        && "sampler".starts_with(&*keyword.text)
    {
        let name = word(at + 1, "a sampler's name", "sampler NAME")?;
        let target = resolve(
            &place,
            &words[at..at + 2],
            Manner {
                abbreviate: true,
                ios: None,
            },
        )?;
        sampler = Some((target, name.place));
        at += 2;
    }
    let directions = ["input", "output"];
    let which = match words.get(at) {
        None if statement.no => None,
        found => {
            let found = found.ok_or_else(|| {
                missing(&words[at - 1], "a direction", list("possible", directions))
            })?;
            match pick(&found.text, directions.into_iter(), true) {
                Pick::One(direction) => Some(direction),
                _ => {
                    let hint = suggest(&found.text, directions.into_iter());
                    return Err(found.place.problem(
                        Code::UnknownWord,
                        format!("unknown word {}", shown(&found.text)),
                        Some(hint),
                    ));
                }
            }
        }
    };
    end(words, at + 1)?;
    let attached = loader.tree.at(&place.path).is_some();
    let text = |loader: &Loader, leaf: &str| -> Vec<String> {
        let values = loader
            .tree
            .at(&place.path)
            .map(|node| node.values(&[leaf]).to_vec());
        values.unwrap_or_default()
    };
    let (families, direction) = (text(loader, "family"), text(loader, "direction"));
    // Without a direction in the tree an attached monitor meters input, its default.
    let unsaid = const { default_word("interfaces ethernet * flow monitor * direction") };
    let old = direction.first().map_or(unsaid, String::as_str);
    if statement.no {
        let known = families.is_empty() || families.iter().any(|known| known == family);
        if !attached || !known || which.is_some_and(|which| old != "both" && old != which) {
            return Err(name.place.problem(
                Code::NotFound,
                format!("{} is not attached so", shown(&name.text)),
                Some("nothing to delete".into()),
            ));
        }
        detach(loader, &place, family, &families, which, old);
        return Ok(());
    }
    let Some(which) = which else { return Ok(()) };
    let direction = if attached && old != which {
        "both"
    } else {
        which
    };
    let last = words[words.len() - 1].place;
    // In replace mode the first statement empties the node; so it goes first and the rest adds.
    set_leaf(loader, &place, "direction", direction, last)?;
    if !attached || !families.is_empty() {
        set_leaf(loader, &place, "family", family, last)?;
    }
    if let Some((target, place)) = sampler {
        loader.set(target, place)?;
    }
    Ok(())
}

fn set_leaf(
    loader: &mut Loader,
    from: &Cursor,
    leaf: &str,
    value: &str,
    place: Span,
) -> Result<(), Problem> {
    let Place::Words(node) = from.place else {
        return Ok(());
    };
    let Some(node) = node.child(leaf) else {
        return Ok(());
    };
    loader.set(
        Target::Values(below(from, &[leaf]), node, vec![value.to_owned()]),
        place,
    )
}

/// Takes one direction, or else one family, or else the monitor off the interface.
fn detach(
    loader: &mut Loader,
    place: &Cursor,
    family: &str,
    families: &[String],
    which: Option<&str>,
    old: &str,
) {
    if let (Some(which), "both") = (which, old) {
        let left = if which == "input" { "output" } else { "input" };
        *loader
            .tree
            .make(&below(place, &["direction"]), Tree::default) = Tree::Leaf(vec![left.to_owned()]);
    } else if families.len() > 1 {
        let left = families
            .iter()
            .filter(|known| *known != family)
            .cloned()
            .collect();
        *loader.tree.make(&below(place, &["family"]), Tree::default) = Tree::Leaf(left);
    } else {
        loader.tree.remove(&place.path);
    }
}

/// The cursor at a name below `from`.
fn cursor_at(from: &Cursor, tag: &[&str], name: &Word) -> Result<Cursor, Problem> {
    let path = below(from, tag);
    let Some(tag) = Cursor::at(&path) else {
        return Err(name.place.problem(
            Code::NotHere,
            "nothing can follow here",
            Some("the statement ends before it".into()),
        ));
    };
    match resolve(
        &tag,
        std::slice::from_ref(name),
        Manner {
            abbreviate: true,
            ios: None,
        },
    )? {
        Target::Branch(cursor) => Ok(cursor),
        _ => Err(name.place.problem(
            Code::MissingValue,
            "a name is wanted",
            Some("a monitor's name".into()),
        )),
    }
}

//! Flow monitors on an interface. IOS attaches a monitor once for each family and direction; the tree has one direction and one
//! sampler for all families of a monitor on an interface.

use super::line::Line;
use super::statement::Said;
use crate::load::Loader;
use crate::resolve::{Cursor, Target};
use crate::schema::{Place, default_word, shown};
use crate::word::Span;
use crate::{Code, Problem, Tree};

/// The row whose statements attach a monitor.
pub(super) const ROW: &str = "interfaces ethernet * flow monitor";

/// A monitor on an interface as the tree has it.
struct Attached {
    families: Vec<String>,
    direction: String,
}

impl Attached {
    fn at(tree: &Tree, path: &[String]) -> Option<Attached> {
        let node = tree.at(path)?;
        // Without a direction in the tree an attached monitor meters input, its default.
        let default = const { default_word("interfaces ethernet * flow monitor * direction") };
        Some(Attached {
            families: node.values(&["family"]).to_vec(),
            direction: node.value(&["direction"]).unwrap_or(default).to_owned(),
        })
    }
}

/// Attaches the monitor that the words name, or takes it off.
pub(super) fn apply(
    loader: &mut Loader,
    interface: &Cursor,
    said: &Said,
    line: &Line,
) -> Result<(), Problem> {
    let (Some((monitor, at)), Some((family, _))) = (said.own(), said.value("family")) else {
        return Ok(());
    };
    let mut path = interface.path.clone();
    path.extend(["flow", "monitor", monitor].map(str::to_owned));
    let place = Cursor {
        place: Place::Words(said.of),
        path,
    };
    let direction = said.value("direction").map(|(direction, _)| direction);
    if line.no {
        return detach(loader, &place, family, direction, at);
    }
    let Some(direction) = direction else {
        return Ok(());
    };
    let attached = Attached::at(&loader.tree, &place.path);
    let both = attached
        .as_ref()
        .is_some_and(|attached| attached.direction != direction);
    let direction = if both { "both" } else { direction };
    let last = line.last().place;
    // In replace mode the first statement empties the node; so it goes first and the rest adds.
    set(loader, &place, "direction", direction, last)?;
    if attached.is_none_or(|attached| !attached.families.is_empty()) {
        set(loader, &place, "family", family, last)?;
    }
    if let Some((sampler, at)) = said.value("sampler") {
        set(loader, &place, "sampler", sampler, at)?;
    }
    Ok(())
}

fn set(
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
    let target = Target::Values(below(from, leaf), node, vec![value.to_owned()]);
    loader.set(target, place)
}

/// Takes one direction, or else one family, or else the monitor off the interface.
fn detach(
    loader: &mut Loader,
    place: &Cursor,
    family: &str,
    direction: Option<&str>,
    at: Span,
) -> Result<(), Problem> {
    let attached = Attached::at(&loader.tree, &place.path).filter(|attached| {
        let known =
            attached.families.is_empty() || attached.families.iter().any(|known| known == family);
        known
            && direction.is_none_or(|direction| {
                attached.direction == "both" || attached.direction == direction
            })
    });
    let Some(attached) = attached else {
        let monitor = place.path.last().map_or("", String::as_str);
        return Err(at.problem(
            Code::NotFound,
            format!("{} is not attached so", shown(monitor)),
            Some("nothing to delete".into()),
        ));
    };
    if let (Some(direction), "both") = (direction, attached.direction.as_str()) {
        let left = match direction {
            "input" => "output",
            _ => "input",
        };
        let leaf = loader.tree.make(&below(place, "direction"), Tree::default);
        *leaf = Tree::Leaf(vec![left.to_owned()]);
    } else if attached.families.len() > 1 {
        let mut left = attached.families;
        left.retain(|known| known != family);
        *loader.tree.make(&below(place, "family"), Tree::default) = Tree::Leaf(left);
    } else {
        loader.tree.remove(&place.path);
    }
    Ok(())
}

fn below(cursor: &Cursor, leaf: &str) -> Vec<String> {
    let path = cursor.path.iter().cloned();
    path.chain([leaf.to_owned()]).collect()
}

//! Flow monitors on an interface. IOS attaches a monitor once for each family and direction, each with its sampler; the tree has one
//! direction and one sampler for all families of a monitor on an interface. What the tree cannot say is refused, never widened.

use crate::schema::default_word;
use crate::word::Span;
use crate::{Code, Problem, Tree};

/// The family of a monitor that is attached without one: whatever its record speaks of.
pub(crate) const ANY: &str = "";
/// The directions that a statement can name.
pub(crate) const DIRECTIONS: [&str; 2] = ["input", "output"];

/// A monitor on an interface, in one direction and for one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The family: `ip`, `ipv6`, `datalink`, or [`ANY`].
    pub(crate) family: String,
    /// `input` or `output`.
    pub(crate) direction: &'static str,
    /// The name of its sampler.
    pub(crate) sampler: Option<String>,
}

/// What a statement does to the cells of a monitor on an interface.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Adds one, or gives it another sampler.
    Attach(Cell),
    /// Takes those of a family away, in one direction or both.
    Detach {
        /// The family.
        family: String,
        /// The direction.
        direction: Option<&'static str>,
    },
}

/// A statement that cannot be done by itself, but perhaps with those that follow it.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The monitor on its interface.
    pub(crate) path: Vec<String>,
    /// What the statement does.
    pub(crate) change: Change,
    /// Where it stands.
    pub(crate) place: Span,
}

impl Waiting {
    /// The problem of a statement that still waits at the end of its text.
    pub(crate) fn problem(&self, tree: &Tree) -> Problem {
        let (interface, monitor) = match &self.path[..] {
            [_, _, interface, _, _, monitor] => (interface.as_str(), monitor.as_str()),
            _ => ("", ""),
        };
        let there = cells(tree, &self.path);
        let samplers = match &self.change {
            Change::Attach(cell) => there.iter().any(|other| other.sampler != cell.sampler),
            Change::Detach { .. } => false,
        };
        let why = match samplers {
            true => "one sampler for all it meters on an interface",
            false => "the same directions for all its families on an interface",
        };
        self.place.problem(
            Code::Conflict,
            format!("{monitor} on {interface} cannot do this as well: a monitor has {why}"),
            Some("attach a second monitor with the same record and exporters for it".into()),
        )
    }
}

impl Cell {
    /// Whether a statement about a family, and a direction if it names one, speaks of it.
    pub(crate) fn is(&self, family: &str, direction: Option<&str>) -> bool {
        (self.family == family || self.family == ANY)
            && direction.is_none_or(|direction| self.direction == direction)
    }
}

/// What the tree says of a monitor on an interface.
pub(crate) fn cells(tree: &Tree, path: &[String]) -> Vec<Cell> {
    let Some(node) = tree.at(path) else {
        return Vec::new();
    };
    // Without a direction in the tree an attached monitor meters input, its default.
    let default = const { default_word("interfaces ethernet * flow monitor * direction") };
    let said = node.value(&["direction"]).unwrap_or(default);
    let families = match node.values(&["family"]) {
        [] => vec![ANY.to_owned()],
        families => families.to_vec(),
    };
    let directions = DIRECTIONS.into_iter();
    let directions = directions.filter(|one| said == "both" || said == *one);
    let sampler = node.value(&["sampler"]).map(str::to_owned);
    let cell = |direction, family: &String| Cell {
        family: family.clone(),
        direction,
        sampler: sampler.clone(),
    };
    directions
        .flat_map(|direction| families.iter().map(move |family| cell(direction, family)))
        .collect()
}

/// The cells after changes; `None` when one of them cannot be said of cells at all.
pub(crate) fn after<'a>(
    cells: &[Cell],
    changes: impl IntoIterator<Item = &'a Change>,
) -> Option<Vec<Cell>> {
    let mut cells = cells.to_vec();
    for change in changes {
        match change {
            Change::Attach(new) => {
                let there = cells
                    .iter_mut()
                    .find(|cell| cell.is(&new.family, Some(new.direction)));
                match (there, &new.sampler) {
                    (None, _) => cells.push(new.clone()),
                    (Some(_), None) => {}
                    // Of all families one alone cannot have another sampler.
                    (Some(cell), sampler) if cell.family == ANY && cell.sampler != *sampler => {
                        return None;
                    }
                    (Some(cell), sampler) => cell.sampler.clone_from(sampler),
                }
            }
            Change::Detach { family, direction } => {
                let gone = |cell: &Cell| cell.is(family, *direction);
                if cells.iter().any(|cell| gone(cell) && cell.family == ANY) {
                    return None;
                }
                cells.retain(|cell| !gone(cell));
            }
        }
    }
    Some(cells)
}

/// Whether the tree can say it: every family in every direction, with the same sampler.
pub(crate) fn is_expressible(cells: &[Cell]) -> bool {
    let (families, directions) = (families(cells), directions(cells));
    cells.len() == families.len() * directions.len()
        && (!families.contains(&ANY) || families.len() == 1)
        && cells.iter().all(|cell| cell.sampler == cells[0].sampler)
}

/// The families of cells, each once, in their order.
pub(crate) fn families(cells: &[Cell]) -> Vec<&str> {
    let mut families: Vec<&str> = Vec::new();
    for cell in cells {
        if !families.contains(&cell.family.as_str()) {
            families.push(&cell.family);
        }
    }
    families
}

/// The directions of cells.
pub(crate) fn directions(cells: &[Cell]) -> Vec<&'static str> {
    let directions = DIRECTIONS.into_iter();
    let has = |direction: &&str| cells.iter().any(|cell| cell.direction == *direction);
    directions.filter(has).collect()
}

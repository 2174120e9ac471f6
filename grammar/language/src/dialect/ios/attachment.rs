//! Statements that attach a flow monitor to an interface. Lines that the tree can say together only, such as those of two families in
//! both directions, may come one after the other in a text.

use super::line::Line;
use super::said::Said;
use crate::attachment::{
    ANY, Cell, Change, DIRECTIONS, Waiting, after, cells, directions, families, is_expressible,
};
use crate::load::Loader;
use crate::resolve::Cursor;
use crate::schema::shown;
use crate::word::Span;
use crate::{Code, Problem, Tree};

/// The row whose statements attach a monitor.
pub(super) const ROW: &str = "interfaces ethernet * flow monitor";

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
    let path = path(&interface.path, monitor);
    let direction = said
        .value("direction")
        .and_then(|(direction, _)| DIRECTIONS.into_iter().find(|known| *known == direction));
    let family = family.to_owned();
    let place = line.words[0].place.to(line.last().place);
    match (line.no, direction) {
        (true, direction) => {
            let there = cells(&loader.tree, &path);
            if !there.iter().any(|cell| cell.is(&family, direction)) {
                loader.absent(at.problem(
                    Code::NotFound,
                    format!("{} is not attached so", shown(monitor)),
                    Some("nothing to delete".into()),
                ));
                return Ok(());
            }
            change(loader, path, Change::Detach { family, direction }, place);
        }
        (false, Some(direction)) => {
            let cell = Cell {
                family,
                direction,
                sampler: said.value("sampler").map(|(name, _)| name.to_owned()),
            };
            change(loader, path, Change::Attach(cell), place);
        }
        (false, None) => {}
    }
    Ok(())
}

/// Attaches a monitor to an interface.
pub(super) fn attach(
    loader: &mut Loader,
    interface: &[String],
    monitor: &str,
    cell: Cell,
    place: Span,
) {
    change(
        loader,
        path(interface, monitor),
        Change::Attach(cell),
        place,
    );
}

fn path(interface: &[String], monitor: &str) -> Vec<String> {
    let below = ["flow", "monitor", monitor].map(str::to_owned);
    interface.iter().cloned().chain(below).collect()
}

/// Makes a change, with those that waited for it; one that the tree cannot say waits.
fn change(loader: &mut Loader, path: Vec<String>, change: Change, place: Span) {
    loader.replace(&path);
    let now = cells(&loader.tree, &path);
    let waiting = |loader: &Loader| -> Vec<Change> {
        let own = loader.waiting.iter().filter(|one| one.path == path);
        own.map(|one| one.change.clone()).collect()
    };
    let alone = after(&now, [&change]).filter(|cells| is_expressible(cells));
    let base = alone.clone().unwrap_or_else(|| now.clone());
    let mut together = waiting(loader);
    if alone.is_none() {
        together.push(change.clone());
    }
    let all = after(&base, &together).filter(|cells| is_expressible(cells));
    if all.is_some() {
        loader.waiting.retain(|one| one.path != path);
    } else if alone.is_none() {
        loader.waiting.push(Waiting {
            path: path.clone(),
            change,
            place,
        });
    }
    if let Some(cells) = all.or(alone) {
        write(loader, &path, &cells);
    }
}

/// Refuses what still waits at the end of a text.
pub(crate) fn finish(loader: &mut Loader) {
    for waiting in std::mem::take(&mut loader.waiting) {
        let problem = waiting.problem(&loader.tree);
        loader.report(problem);
    }
}

fn write(loader: &mut Loader, path: &[String], cells: &[Cell]) {
    let Some(first) = cells.first() else {
        loader.tree.remove(path);
        return;
    };
    let direction = match directions(cells)[..] {
        [one] => one,
        _ => "both",
    };
    let families: Vec<String> = families(cells).into_iter().map(str::to_owned).collect();
    let leaf = |leaf: &str| [path, &[leaf.to_owned()]].concat();
    let mut put = |path: Vec<String>, values: Vec<String>| {
        *loader.tree.make(&path, Tree::default) = Tree::Leaf(values);
    };
    put(leaf("direction"), vec![direction.to_owned()]);
    if families != [ANY] {
        put(leaf("family"), families);
    }
    match &first.sampler {
        Some(sampler) => put(leaf("sampler"), vec![sampler.clone()]),
        None => {
            loader.tree.remove(&leaf("sampler"));
        }
    }
}

//! Medians, and rows of a Markdown table.

/// Returns the median, the smallest and the largest value; `None` if there are no values.
pub(crate) fn spread(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64, f64)> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len() / 2)?;
    Some((*middle, *values.first()?, *values.last()?))
}

/// Returns a row of a Markdown table with cells of these widths. The first `names` cells are left-aligned.
pub(crate) fn row(widths: &[usize], names: usize, cells: &[String]) -> String {
    let cells = cells.iter().zip(widths).enumerate();
    let cells = cells.map(|(at, (cell, width))| match at < names {
        true => format!(" {cell:<width$} |"),
        false => format!(" {cell:>width$} |"),
    });
    format!("|{}", cells.collect::<String>())
}

/// Returns the heading of such a table and the line under it.
pub(crate) fn heading(widths: &[usize], names: usize, titles: &[&str]) -> String {
    let cells: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    let under = widths
        .iter()
        .enumerate()
        .map(|(at, width)| match at < names {
            true => format!("{}|", "-".repeat(width + 2)),
            false => format!("{}:|", "-".repeat(width + 1)),
        });
    format!(
        "{}\n|{}",
        row(widths, names, &cells),
        under.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_several() {
        assert_eq!(spread([3.0, 1.0, 2.0]), Some((2.0, 1.0, 3.0)));
        assert_eq!(spread([]), None);
    }

    #[test]
    fn a_table_lines_up() {
        let head = heading(&[4, 6], 1, &["name", "number"]);
        assert_eq!(head, "| name | number |\n|------|-------:|");
        assert_eq!(
            row(&[4, 6], 1, &["a".into(), "12".into()]),
            "| a    |     12 |"
        );
    }
}

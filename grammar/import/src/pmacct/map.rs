//! Reader for the maps of pmacct: files of entries, one a line, of words `KEY=VALUE`. `!` and `#` begin comments.

/// Returns the entries of a map, each with its line number, its line, and its keys and values. Blanks around a comma do
/// not separate.
pub(super) fn entries(text: &str) -> impl Iterator<Item = (u32, &str, Vec<(&str, String)>)> {
    (1u32..).zip(text.lines()).filter_map(|(number, line)| {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['!', '#']) {
            return None;
        }
        let mut pairs: Vec<(&str, String)> = Vec::new();
        for word in line.split_whitespace() {
            match (word.split_once('='), pairs.last_mut()) {
                (Some((key, value)), _) => pairs.push((key, value.to_owned())),
                (None, Some((_, value))) if value.ends_with(',') || word.starts_with(',') => {
                    value.push_str(word);
                }
                (None, _) => pairs.push((word, String::new())),
            }
        }
        Some((number, line, pairs))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_commas_do_not_cut_a_value() {
        let text = "! comment\n\n id=1\tip=a:1, b:2 ,c:3 tag=7\r\n# id=2\nstray\n";
        let read: Vec<_> = entries(text).collect();
        let pairs = |pairs: &[(&'static str, &str)]| {
            let owned = pairs.iter().map(|(key, value)| (*key, (*value).to_owned()));
            owned.collect::<Vec<_>>()
        };
        assert_eq!(
            read,
            [
                (
                    3,
                    "id=1\tip=a:1, b:2 ,c:3 tag=7",
                    pairs(&[("id", "1"), ("ip", "a:1,b:2,c:3"), ("tag", "7")])
                ),
                (5, "stray", pairs(&[("stray", "")])),
            ]
        );
    }
}

//! What a committed configuration has that this host does not apply: a line each, so that nothing is a silent no-op.
//! The language's table ([`grammar::schema::UNAPPLIED`]) names the leaves; what is not in it has an owner here.

use grammar::Tree;

/// The lines for a tree.
pub fn of(tree: &Tree) -> Vec<String> {
    grammar::schema::unapplied(tree)
        .into_iter()
        .map(|finding| {
            format!(
                "{} is not applied: {}",
                finding.path.join(" "),
                finding.message
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use grammar::schema::{Kind, Owner, TABLE, UNAPPLIED};

    /// Leaves that the daemon itself applies, with who does. Those of [`Owner::Probe`] are resolved by
    /// `probe::Settings`, whose own tests hold it to the schema.
    const APPLIED: &[(&str, &str)] = &[
        ("system host-name", "system::Host"),
        ("system config-management commit-revisions", "revisions"),
        ("system syslog host * facility * level", "log"),
        ("system syslog host * port", "log"),
        ("system syslog host * protocol", "log"),
        ("system syslog local facility * level", "log"),
        ("interfaces ethernet * address", "system::Host"),
        ("interfaces ethernet * description", "system::Host"),
        ("interfaces ethernet * disable", "system::Host"),
        ("interfaces ethernet * mtu", "system::Host"),
        (
            "interfaces ethernet * promiscuous",
            "probe, by packet membership",
        ),
        ("interfaces ethernet * alias", "grammar, for IOS names"),
        ("interfaces loopback * address", "system::Host"),
    ];

    #[test]
    fn every_leaf_has_someone_who_applies_it_or_a_line_that_says_not() {
        let said = |path: &str| {
            UNAPPLIED.iter().any(|(unapplied, value, _)| {
                value.is_empty()
                    && (path == *unapplied || path.starts_with(&format!("{unapplied} ")))
            })
        };
        let orphans: Vec<&str> = TABLE
            .iter()
            .filter(|row| matches!(row.kind, Kind::Leaf | Kind::Multi | Kind::Flag))
            .filter(|row| row.owner != Owner::Probe)
            .map(|row| row.path)
            .filter(|path| !said(path) && !APPLIED.iter().any(|(applied, _)| applied == path))
            .collect();
        assert_eq!(
            orphans,
            Vec::<&str>::new(),
            "leaves that nobody applies and no line tells of"
        );
        for (path, _) in APPLIED {
            assert!(
                TABLE.iter().any(|row| row.path == *path),
                "{path} is not in the schema any more"
            );
        }
    }
}

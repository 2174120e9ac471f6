use super::*;

fn tree(text: &str) -> Tree {
    Tree::from_iter([("system".to_owned(), Tree::Leaf(vec![text.to_owned()]))])
}

fn record(
    revisions: &Revisions,
    text: &str,
    keep: usize,
    waiting: Option<Waiting>,
) -> Result<u64, Error> {
    let tree = tree(text);
    revisions.record(&New {
        tree: &tree,
        time_ms: 1_700_000_000_000,
        user: "u",
        via: "cli",
        comment: text,
        keep,
        waiting,
        scheduled: false,
    })
}

#[test]
fn revisions_come_back_after_a_restart_and_old_ones_are_pruned() {
    let dir = tempfile::tempdir().unwrap();
    {
        let revisions = Revisions::open(dir.path(), 0).unwrap();
        assert!(revisions.head().unwrap().is_none());
        for n in 0..7 {
            assert_eq!(record(&revisions, &n.to_string(), 3, None).unwrap(), n);
        }
        revisions.close();
    }
    let revisions = Revisions::open(dir.path(), 0).unwrap();
    let list = revisions.list();
    assert_eq!(
        list.iter().map(|summary| summary.id).collect::<Vec<_>>(),
        [6, 5, 4]
    );
    assert_eq!(
        (
            list[0].user.as_str(),
            list[0].comment.as_str(),
            list[0].time_ms
        ),
        ("u", "6", 1_700_000_000_000)
    );
    assert_eq!(revisions.head().unwrap().unwrap().1, tree("6"));
    assert_eq!(revisions.get(4).unwrap().1, tree("4"));
    assert!(matches!(revisions.get(3), Err(Error::Unknown(3))));
}

#[test]
fn what_waits_for_confirmation_survives_and_its_previous_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let waiting = Waiting {
        deadline_ms: 5,
        given_ms: 60_000,
        previous: Some(0),
    };
    {
        let revisions = Revisions::open(dir.path(), 0).unwrap();
        record(&revisions, "a", 1, None).unwrap();
        record(&revisions, "b", 1, Some(waiting.clone())).unwrap();
        revisions.close();
    }
    {
        let revisions = Revisions::open(dir.path(), 0).unwrap();
        assert_eq!(revisions.waiting(), Some(waiting));
        assert_eq!(revisions.get(0).unwrap().1, tree("a"));
        revisions.confirm().unwrap();
        revisions.close();
    }
    let revisions = Revisions::open(dir.path(), 0).unwrap();
    assert_eq!(revisions.waiting(), None);
    record(&revisions, "c", 1, None).unwrap();
    assert_eq!(revisions.list().len(), 1);
}

#[test]
fn a_large_revision_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let large = "x".repeat(3 << 20);
    {
        let revisions = Revisions::open(dir.path(), 0).unwrap();
        record(&revisions, "a", 9, None).unwrap();
        record(&revisions, &large, 9, None).unwrap();
        record(&revisions, "c", 9, None).unwrap();
        revisions.close();
    }
    let revisions = Revisions::open(dir.path(), 0).unwrap();
    assert_eq!(revisions.get(1).unwrap().1, tree(&large));
    assert_eq!(revisions.head().unwrap().unwrap().1, tree("c"));
}

#[test]
fn a_second_flowd_is_refused_and_a_damaged_database_costs_history_only() {
    let dir = tempfile::tempdir().unwrap();
    let revisions = Revisions::open(dir.path(), 0).unwrap();
    record(&revisions, "a", 9, None).unwrap();
    record(&revisions, "b", 9, None).unwrap();
    assert!(matches!(
        Revisions::open(dir.path(), 0),
        Err(Error::InUse(_))
    ));
    revisions.close();
    drop(revisions);
    // Noise where the log's first segment was.
    let db = dir.path().join("database/conf");
    std::fs::write(&db, b"not what it was").unwrap();
    let revisions = Revisions::open(dir.path(), 7000).unwrap();
    assert_eq!(revisions.head().unwrap().unwrap().1, tree("b"));
    assert_eq!(record(&revisions, "c", 9, None).unwrap(), 2);
    assert!(dir.path().join("database.damaged-7").exists());
}

/// A tree with many nodes, and one of them changed.
fn wide(changed: u64) -> Tree {
    let leaf = |value: String| Tree::Leaf(vec![value]);
    let names = (0..2000).map(|n| (format!("n{n}"), leaf(n.to_string())));
    let changes = [("changed".to_owned(), leaf(changed.to_string()))];
    Tree::from_iter([("system".to_owned(), names.chain(changes).collect())])
}

fn record_tree(revisions: &Revisions, tree: &Tree, keep: usize) -> u64 {
    let new = New {
        tree,
        time_ms: 0,
        user: "u",
        via: "cli",
        comment: "",
        keep,
        waiting: None,
        scheduled: false,
    };
    revisions.record(&new).unwrap()
}

#[test]
fn revisions_kept_as_changes_come_back_whole() {
    let dir = tempfile::tempdir().unwrap();
    let most = 2 * CHAIN as u64 + 10;
    {
        let revisions = Revisions::open(dir.path(), 0).unwrap();
        for n in 0..most {
            assert_eq!(record_tree(&revisions, &wide(n), 20), n);
        }
        let kept = revisions.lock().summaries.clone();
        let wholes = kept.iter().filter(|summary| summary.from.is_none());
        assert!(
            wholes.count() <= 2 && kept.len() <= CHAIN + 21,
            "{}",
            kept.len()
        );
        revisions.close();
    }
    {
        let revisions = Revisions::open(dir.path(), 0).unwrap();
        let ids: Vec<u64> = revisions.list().iter().map(|summary| summary.id).collect();
        assert_eq!(ids, (most - 20..most).rev().collect::<Vec<_>>());
        for id in ids {
            assert_eq!(revisions.get(id).unwrap().1, wide(id), "{id}");
        }
        assert!(matches!(revisions.get(most - 21), Err(Error::Unknown(_))));
        // It goes on after a restart.
        assert_eq!(record_tree(&revisions, &wide(most), 20), most);
        assert_eq!(record_tree(&revisions, &wide(most + 1), 20), most + 1);
        revisions.close();
    }
    // The copy is the newest one, though it was added to only; a line that is not whole says nothing.
    let copy = dir.path().join("newest-revision.json");
    let (summary, tree) = mirror::read(dir.path()).unwrap();
    assert_eq!((summary.id, tree), (most + 1, wide(most + 1)));
    let bytes = std::fs::read(&copy).unwrap();
    std::fs::write(&copy, &bytes[..bytes.len() - 9]).unwrap();
    let (summary, tree) = mirror::read(dir.path()).unwrap();
    assert_eq!((summary.id, tree), (most, wide(most)));
}

#[test]
fn a_large_configuration_has_more_changes_before_it_is_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let text = "x".repeat(2 * CHAIN * SHARE);
    let large = |n: u64| {
        let leaf = |value: &str| Tree::Leaf(vec![value.to_owned()]);
        Tree::from_iter([
            ("text".to_owned(), leaf(&text)),
            ("n".to_owned(), leaf(&n.to_string())),
        ])
    };
    let most = 2 * CHAIN as u64;
    {
        let revisions = Revisions::open(dir.path(), 0).unwrap();
        for n in 0..=most + 1 {
            assert_eq!(record_tree(&revisions, &large(n), 500), n);
        }
        let kept = revisions.lock().summaries.clone();
        let wholes = kept.iter().filter(|summary| summary.from.is_none());
        let wholes: Vec<u64> = wholes.map(|summary| summary.id).collect();
        assert_eq!(wholes, [0, most + 1]);
        revisions.close();
    }
    let revisions = Revisions::open(dir.path(), 0).unwrap();
    for id in [0, most, most + 1] {
        assert_eq!(revisions.get(id).unwrap().1, large(id), "{id}");
    }
}

#[test]
fn a_change_of_a_damaged_revision_is_restored_from_the_copy() {
    let dir = tempfile::tempdir().unwrap();
    {
        let revisions = Revisions::open(dir.path(), 0).unwrap();
        for n in 0..4 {
            record_tree(&revisions, &wide(n), 9);
        }
        let mut state = revisions.lock();
        let database = revisions.opened(&mut state).unwrap();
        let mut batch = sled::Batch::default();
        batch.insert(&0u64.to_be_bytes(), b"not what it was".as_slice());
        database.apply(batch).unwrap();
        drop(state);
        revisions.close();
    }
    let revisions = Revisions::open(dir.path(), 0).unwrap();
    let (summary, tree) = revisions.head().unwrap().unwrap();
    assert_eq!((summary.id, tree), (3, wide(3)));
    assert_eq!(record_tree(&revisions, &wide(4), 9), 4);
    assert_eq!(revisions.get(4).unwrap().1, wide(4));
}

#[test]
fn revisions_of_before_are_read() {
    let old = wide(7);
    for hash in [tree_json::written_hash(&old), tree_json::ordered_hash(&old)] {
        read_of_before(&old, &hash);
    }
}

fn read_of_before(old: &Tree, hash: &str) {
    let dir = tempfile::tempdir().unwrap();
    {
        let revisions = Revisions::open(dir.path(), 0).unwrap();
        let text = format!(
            r#"{{"time_ms":0,"user":"u","via":"cli","comment":"","hash":"{hash}","tree":{}}}"#,
            tree_json::write(old)
        );
        let changed = wide(8);
        let summary = Summary {
            id: 1,
            hash: tree_json::ordered_hash(&changed),
            from: Some(0),
            ..serde_json::from_str(&text).unwrap()
        };
        let change = Stored {
            summary,
            tree: None,
            changes: Some(delta::between(old, &changed)),
        };
        let mut state = revisions.lock();
        let database = revisions.opened(&mut state).unwrap();
        let mut batch = sled::Batch::default();
        batch.insert(&0u64.to_be_bytes(), text.as_bytes());
        batch.insert(&1u64.to_be_bytes(), serde_json::to_vec(&change).unwrap());
        batch.insert(HEAD, &1u64.to_be_bytes());
        database.apply(batch).unwrap();
        drop(state);
        revisions.close();
    }
    let revisions = Revisions::open(dir.path(), 0).unwrap();
    assert_eq!(revisions.head().unwrap().unwrap().1, wide(8));
    assert_eq!(record_tree(&revisions, &wide(9), 9), 2);
    assert_eq!(revisions.get(2).unwrap().1, wide(9));
    assert_eq!(revisions.get(1).unwrap().1, wide(8));
    assert_eq!(&revisions.get(0).unwrap().1, old);
}

/// A file system so small that it fills; `None` without the right to mount.
struct Small(tempfile::TempDir);

impl Small {
    fn mount(kib: u32) -> Option<Small> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={kib}k");
        nix::mount::mount(
            Some("tmpfs"),
            dir.path(),
            Some("tmpfs"),
            nix::mount::MsFlags::empty(),
            Some(size.as_str()),
        )
        .ok()
        .map(|()| Small(dir))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = nix::mount::umount2(self.0.path(), nix::mount::MntFlags::MNT_DETACH);
    }
}

#[test]
fn a_full_disk_refuses_and_space_makes_commits_work_again() {
    let Some(small) = Small::mount(16 * 1024) else {
        return eprintln!("not allowed to mount a tmpfs: not tested");
    };
    let dir = small.0.path();
    let revisions = Revisions::open(dir, 0).unwrap();
    record(&revisions, "a", 9, None).unwrap();
    let ballast = dir.join("ballast");
    let fill = || {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&ballast)
            .unwrap();
        while std::io::Write::write(&mut file, &[0; 4096]).is_ok_and(|written| written > 0) {}
    };
    fill();
    let error = record(&revisions, "b", 9, None).unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error}");
    assert_eq!(revisions.head().unwrap().unwrap().1, tree("a"));
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(record(&revisions, "b", 9, None).unwrap(), 1);

    // What was reserved is there even when the disk fills right after the check.
    let mut state = revisions.lock();
    space::require(dir, revisions.opened(&mut state).unwrap(), space::needed(0)).unwrap();
    fill();
    for n in 0..20u8 {
        let mut batch = sled::Batch::default();
        batch.insert(b"filler", vec![n; 10 << 10]);
        revisions
            .write_through(&mut state, batch, |_| Ok(false))
            .unwrap();
    }
    drop(state);
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(record(&revisions, "c", 9, None).unwrap(), 2);
    assert_eq!(revisions.head().unwrap().unwrap().1, tree("c"));
    revisions.close();
    drop(revisions);
    assert_eq!(
        Revisions::open(dir, 0).unwrap().head().unwrap().unwrap().1,
        tree("c")
    );
}

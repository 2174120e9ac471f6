use super::stored::{CHAIN_LENGTH, OCTETS_PER_CHANGE};
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
    let most = 2 * CHAIN_LENGTH as u64 + 10;
    {
        let revisions = Revisions::open(dir.path(), 0).unwrap();
        for n in 0..most {
            assert_eq!(record_tree(&revisions, &wide(n), 20), n);
        }
        let kept = revisions.lock().summaries.clone();
        let wholes = kept.iter().filter(|summary| summary.from.is_none());
        assert!(
            wholes.count() <= 2 && kept.len() <= CHAIN_LENGTH + 21,
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
    let text = "x".repeat(2 * CHAIN_LENGTH * OCTETS_PER_CHANGE);
    let large = |n: u64| {
        let leaf = |value: &str| Tree::Leaf(vec![value.to_owned()]);
        Tree::from_iter([
            ("text".to_owned(), leaf(&text)),
            ("n".to_owned(), leaf(&n.to_string())),
        ])
    };
    let most = 2 * CHAIN_LENGTH as u64;
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
        let mut batch = Batch::default();
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
        let mut batch = Batch::default();
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

/// A store in memory whose next write can be made to fail.
#[derive(Clone, Default)]
struct Memory(std::sync::Arc<Mutex<MemoryState>>);

#[derive(Default)]
struct MemoryState {
    values: std::collections::BTreeMap<Vec<u8>, Vec<u8>>,
    fails: bool,
}

thread_local! {
    /// What [`Memory::open`] opens: the test of this thread sees the same store before and after it is reopened.
    static MEMORY: Memory = Memory::default();
}

impl Memory {
    fn open(_: &Path) -> Result<Box<dyn store::Store>, OpenError> {
        Ok(Box::new(MEMORY.with(Memory::clone)))
    }
}

impl store::Store for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.lock().values.get(key).cloned())
    }

    fn ids(&self) -> Result<Vec<u64>, Error> {
        let memory = self.0.lock();
        let keys = memory.values.keys();
        Ok(keys
            .filter_map(|key| Some(u64::from_be_bytes(key.as_slice().try_into().ok()?)))
            .collect())
    }

    fn apply(&self, batch: Batch) -> Result<(), Error> {
        let mut memory = self.0.lock();
        if std::mem::take(&mut memory.fails) {
            return Err(Error::Database("the write fails".into()));
        }
        for (key, value) in batch.0 {
            match value {
                Some(value) => memory.values.insert(key, value),
                None => memory.values.remove(&key),
            };
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), Error> {
        Ok(())
    }

    fn reserve(&self, _: u64) -> Result<(), nix::errno::Errno> {
        Ok(())
    }

    fn close(self: Box<Self>) -> bool {
        true
    }
}

#[test]
fn a_write_that_fails_records_nothing_and_the_next_one_does() {
    let dir = tempfile::tempdir().unwrap();
    let revisions = Revisions::open_with(Memory::open, dir.path(), 0).unwrap();
    assert_eq!(record_tree(&revisions, &wide(1), 9), 0);
    MEMORY.with(|memory| memory.0.lock().fails = true);
    let new = New {
        tree: &wide(2),
        time_ms: 2,
        user: "u",
        via: "cli",
        comment: "",
        keep: 9,
        waiting: None,
        scheduled: false,
    };
    let failed = revisions.record(&new).unwrap_err();
    assert!(failed.to_string().contains("the write fails"), "{failed}");
    assert_eq!(revisions.head().unwrap().unwrap().1, wide(1));
    assert_eq!(revisions.list().len(), 1);
    assert_eq!(revisions.record(&new).unwrap(), 1);
    revisions.close();
    let again = Revisions::open_with(Memory::open, dir.path(), 0).unwrap();
    assert_eq!(again.head().unwrap().unwrap().1, wide(2));
}

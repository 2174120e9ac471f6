//! `load samplicate`, `load softflowd` and `load pmacct` read the configurations of other programs.

use std::path::Path;

use api::session::{Dialect, Edit, EditMode};
use commands::Tail;
use import::samplicate::{self, Arguments};
use import::{ImportKind, Imported, Origin, pmacct, softflowd};

use super::refused::in_text;
use super::{Done, Shell};
use crate::file;
use crate::output::Answer;
use crate::trouble::Failure;

/// What a configuration becomes, in words.
struct Kind {
    /// The thing it becomes, such as `a samplicator`.
    what: &'static str,
    /// What was loaded, such as `samplicator`, which has the program's name.
    made: &'static str,
    /// Whether it has a name.
    named: bool,
    /// Whether it replaces the nodes that are there or is added to them.
    mode: EditMode,
}

impl Kind {
    fn of(kind: ImportKind) -> Kind {
        match kind {
            ImportKind::Samplicator => Kind {
                what: "a samplicator",
                made: "samplicator",
                named: true,
                mode: EditMode::Replace,
            },
            ImportKind::Monitoring => Kind {
                what: "flow monitoring",
                made: "flow monitoring",
                named: false,
                mode: EditMode::Merge,
            },
        }
    }
}

impl Shell {
    pub(super) fn load_samplicate(&mut self, name: &Tail, line: &str) -> Done {
        let text = self.read(name, line)?;
        let path = name.text.clone();
        self.imported(samplicate::NAME, &samplicate::file(&text), &[path])
    }

    pub(super) fn load_samplicate_arguments(&mut self, tail: &Tail, line: &str) -> Done {
        let arguments = Arguments::parse(&tail.text);
        let mut paths = Vec::new();
        let mut texts = Vec::new();
        for given in &arguments.files {
            let at = line
                .find(&given.path)
                .map_or(tail.start, |at| line[..at].chars().count());
            let name = Tail {
                text: given.path.clone(),
                start: at,
            };
            texts.push(self.read(&name, line)?);
            paths.push(given.path.clone());
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let imported = samplicate::import(&arguments, &texts);
        self.imported(samplicate::NAME, &imported, &paths)
    }

    fn read(&self, name: &Tail, line: &str) -> Result<String, Failure> {
        let path = file::resolved(&name.text, self.home.as_deref());
        file::read(&path).map_err(|error| error.failure(&path, line, name))
    }

    pub(super) fn load_softflowd(&mut self, name: &Tail, line: &str) -> Done {
        let text = self.read(name, line)?;
        let path = name.text.clone();
        self.imported(softflowd::NAME, &softflowd::file(&text), &[path])
    }

    pub(super) fn load_softflowd_arguments(&mut self, tail: &Tail) -> Done {
        self.imported(softflowd::NAME, &softflowd::arguments(&tail.text), &[])
    }

    pub(super) fn load_pmacct(&mut self, name: &Tail, line: &str) -> Done {
        let text = self.read(name, line)?;
        let path = file::resolved(&name.text, self.home.as_deref());
        let folder = path.parent().unwrap_or(Path::new(""));
        let named: Vec<pmacct::ReferencedFile> = pmacct::files(&text)
            .into_iter()
            .map(|own| {
                // pmacct begins in a folder that nobody knows here; most keep the files together.
                let path = folder.join(&own);
                pmacct::ReferencedFile {
                    text: file::read(&path).map_err(|error| error.sentence(&path)),
                    path: own,
                }
            })
            .collect();
        let imported = pmacct::import(&text, &named);
        let paths: Vec<String> = std::iter::once(name.text.clone())
            .chain(named.into_iter().map(|file| file.path))
            .collect();
        self.imported(pmacct::NAME, &imported, &paths)
    }

    /// Puts the statements into the candidate, and reports what has no counterpart.
    fn imported(&mut self, program: &str, imported: &Imported, paths: &[String]) -> Done {
        let kind = Kind::of(imported.kind);
        let report: String = imported
            .remarks
            .iter()
            .map(|remark| {
                let origin = match remark.origin {
                    Origin::Arguments => "arguments".to_owned(),
                    Origin::Whole => program.to_owned(),
                    Origin::File(index) => {
                        let path = paths.get(index).map_or("file", String::as_str);
                        format!("{}:{}", file::shown(path.as_ref()), remark.line)
                    }
                };
                format!("{origin}: {}\n", remark.message())
            })
            .collect();
        if imported.text.is_empty() {
            return Err(Failure::plain(format!(
                "{report}none of it can be {}; nothing was loaded",
                kind.what
            )));
        }
        let edit = Edit {
            text: imported.text.clone(),
            dialect: Some(Dialect::Set),
            mode: Some(kind.mode),
            path: Vec::new(),
            ..Edit::default()
        };
        let result = self.ask_edit(&edit);
        let changes =
            result.map_err(|error| in_text(error, &edit.text, &format!("{program}:"), 0))?;
        let lost = imported.remarks.iter().filter(|remark| remark.lost).count();
        let loaded = match changes.answer.changes {
            0 => "nothing changed".to_owned(),
            _ => format!(
                "`compare` shows it, `commit` puts it into force{}",
                match lost {
                    0 => String::new(),
                    1 => "; 1 option has no equivalent and was left out (above)".to_owned(),
                    lost =>
                        format!("; {lost} options have no equivalent and were left out (above)"),
                }
            ),
        };
        let name = if kind.named {
            format!(" {program}")
        } else {
            String::new()
        };
        let said = format!("Loaded as {}{name}: {loaded}.", kind.made);
        Ok(Answer::text(format!("{report}{said}\n")).into())
    }
}

//! `load samplicate`, `load softflowd-args` and `load pmacct` read the configurations of other programs.

use api::session::{Dialect, Edit, EditMode};
use commands::Tail;
use import::samplicate::{self, Arguments};
use import::{Imported, Origin, pmacct, softflowd};

use super::{Done, Shell};
use crate::file;
use crate::output::Answer;
use crate::trouble::Failure;

/// What a program's configuration becomes.
struct Kind {
    program: &'static str,
    /// The thing it becomes, such as `a samplicator`.
    what: &'static str,
    /// The name of what was loaded, such as `samplicator samplicate`.
    made: &'static str,
    /// Whether it replaces the nodes that are there or is added to them.
    mode: EditMode,
}

const SAMPLICATE: Kind = Kind {
    program: samplicate::NAME,
    what: "a samplicator",
    made: "samplicator samplicate",
    mode: EditMode::Replace,
};
const SOFTFLOWD: Kind = Kind {
    program: softflowd::NAME,
    what: "flow monitoring",
    made: "flow monitoring",
    mode: EditMode::Merge,
};
const PMACCT: Kind = Kind {
    program: pmacct::NAME,
    ..SOFTFLOWD
};

impl Shell {
    pub(super) fn load_samplicate(&mut self, name: &Tail, line: &str) -> Done {
        let text = self.read(name, line)?;
        let path = name.text.clone();
        self.imported(&SAMPLICATE, &samplicate::file(&text), &[path])
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
        self.imported(&SAMPLICATE, &samplicate::import(&arguments, &texts), &paths)
    }

    fn read(&self, name: &Tail, line: &str) -> Result<String, Failure> {
        let path = file::resolved(&name.text, self.home.as_deref());
        file::read(&path).map_err(|error| error.failure(&path, line, name))
    }

    pub(super) fn load_softflowd_arguments(&mut self, tail: &Tail) -> Done {
        self.imported(&SOFTFLOWD, &softflowd::arguments(&tail.text), &[])
    }

    pub(super) fn load_pmacct(&mut self, name: &Tail, line: &str) -> Done {
        let text = self.read(name, line)?;
        let path = name.text.clone();
        self.imported(&PMACCT, &pmacct::file(&text), &[path])
    }

    /// Puts the statements into the candidate, and reports what has no counterpart.
    fn imported(&mut self, kind: &Kind, imported: &Imported, paths: &[String]) -> Done {
        let report: String = imported
            .remarks
            .iter()
            .map(|remark| {
                let origin = match remark.origin {
                    Origin::Arguments => "arguments".to_owned(),
                    Origin::Whole => kind.program.to_owned(),
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
                "{report}nothing of it can be {}; nothing was loaded",
                kind.what
            )));
        }
        let edit = Edit {
            text: imported.text.clone(),
            dialect: Some(Dialect::Set),
            mode: Some(kind.mode),
            path: Vec::new(),
        };
        let changes = self.edit_text(&edit, &format!("{}:", kind.program))?;
        let lost = imported.remarks.iter().filter(|remark| remark.lost).count();
        let loaded = match changes.answer.changes {
            0 => "nothing changed".to_owned(),
            _ => format!(
                "`compare` shows it, `commit` puts it into force{}",
                match lost {
                    0 => String::new(),
                    1 => "; 1 piece has no counterpart here".to_owned(),
                    lost => format!("; {lost} pieces have no counterpart here"),
                }
            ),
        };
        let said = format!("Loaded as {}: {loaded}.", kind.made);
        Ok(Answer::text(format!("{report}{said}\n")).into())
    }
}

//! A configuration in braces with `+`, `-` and `>` before the lines that differ from another one, as VyOS shows a
//! candidate.

use std::collections::HashMap;

use crate::dialect::curly;
use crate::tree::Tree;

/// A line of braces text with what is inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block {
    /// The line without indentation and brace.
    head: String,
    /// Lines inside; `None` when the line opens no brace.
    inside: Option<Vec<Block>>,
}

/// Reads text as the renderer writes it: one node a line, braces at line ends.
fn blocks(text: &str) -> Vec<Block> {
    let mut stack: Vec<(String, Vec<Block>)> = Vec::new();
    let mut here: Vec<Block> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line == "}" {
            if let Some((head, outside)) = stack.pop() {
                let inside = std::mem::replace(&mut here, outside);
                here.push(Block {
                    head,
                    inside: Some(inside),
                });
            }
        } else if let Some(head) = line.strip_suffix('{').filter(|head| head.ends_with(' ')) {
            stack.push((head.trim_end().to_owned(), std::mem::take(&mut here)));
        } else {
            here.push(Block {
                head: line.to_owned(),
                inside: None,
            });
        }
    }
    here
}

/// What is at `path`: what is inside the block of that name, or the lines that start with it.
fn at(blocks: Vec<Block>, path: &[String]) -> Vec<Block> {
    if path.is_empty() {
        return blocks;
    }
    let mut found = Vec::new();
    for block in blocks {
        let words = curly::words(&block.head, 1, &mut None);
        let words: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        if words.len() <= path.len() && words == path[..words.len()] {
            match block.inside {
                Some(inside) => return at(inside, &path[words.len()..]),
                None if words.len() == path.len() => found.push(block),
                None => {}
            }
        } else if path.len() < words.len() && path == &words[..path.len()] {
            found.push(block);
        }
    }
    found
}

/// `new` in braces at and below `path`, with marks where it differs from `old`; `None` when neither has anything there.
pub fn marks(old: &Tree, new: &Tree, path: &[String]) -> Option<String> {
    marked(&curly::render(old), &curly::render(new), path)
}

/// The same of two texts in braces.
fn marked(old: &str, new: &str, path: &[String]) -> Option<String> {
    let (old, new) = (at(blocks(old), path), at(blocks(new), path));
    if old.is_empty() && new.is_empty() {
        return None;
    }
    let mut text = String::new();
    merge(&old, &new, 0, &mut text);
    Some(text)
}

fn write(mark: char, depth: usize, line: &str, text: &mut String) {
    text.push(mark);
    text.push_str(&" ".repeat(depth * 4));
    text.push_str(line);
    text.push('\n');
}

fn whole(mark: char, block: &Block, depth: usize, text: &mut String) {
    match &block.inside {
        None => write(mark, depth, &block.head, text),
        Some(inside) => {
            write(mark, depth, &format!("{} {{", block.head), text);
            inside
                .iter()
                .for_each(|block| whole(mark, block, depth + 1, text));
            write(mark, depth, "}", text);
        }
    }
}

/// The nodes of a level, by line and by first word.
struct Level<'a> {
    lines: HashMap<&'a str, &'a Block>,
    /// How many lines a first word has.
    names: HashMap<&'a str, usize>,
}

impl<'a> Level<'a> {
    fn new(blocks: &'a [Block]) -> Level<'a> {
        let mut names = HashMap::new();
        blocks
            .iter()
            .for_each(|block| *names.entry(name(block)).or_default() += 1);
        Level {
            lines: blocks
                .iter()
                .map(|block| (block.head.as_str(), block))
                .collect(),
            names,
        }
    }

    /// Whether a node is a leaf with one value: the only line of its name.
    fn single(&self, block: &Block) -> bool {
        block.inside.is_none()
            && block.head.contains(' ')
            && self.names.get(name(block)) == Some(&1)
    }
}

/// Walks both in order; what only the old one has stands where it stood.
fn merge(old: &[Block], new: &[Block], depth: usize, text: &mut String) {
    let (was, is) = (Level::new(old), Level::new(new));
    // A leaf that has another value now is shown once, changed.
    let changed = |block: &Block| {
        let single = was.single(block) && !is.lines.contains_key(block.head.as_str());
        single && is.names.get(name(block)) == Some(&1)
    };
    let changes: HashMap<&str, &Block> = old
        .iter()
        .filter(|block| changed(block))
        .map(|block| (name(block), block))
        .collect();
    let gone = |block: &Block| {
        !is.lines.contains_key(block.head.as_str()) && !changes.contains_key(name(block))
    };
    let mut before = old.iter().peekable();
    for block in new {
        if let Some(known) = was.lines.get(block.head.as_str()) {
            while let Some(other) = before.next_if(|other| other.head != known.head) {
                if gone(other) {
                    whole('-', other, depth, text);
                }
            }
            before.next();
            match (&known.inside, &block.inside) {
                (Some(old), Some(new)) => {
                    write(' ', depth, &format!("{} {{", block.head), text);
                    merge(old, new, depth + 1, text);
                    write(' ', depth, "}", text);
                }
                (None, None) => write(' ', depth, &block.head, text),
                _ => {
                    whole('-', known, depth, text);
                    whole('+', block, depth, text);
                }
            }
        } else if is.single(block) && changes.contains_key(name(block)) {
            write('>', depth, &block.head, text);
        } else {
            while let Some(other) =
                before.next_if(|other| name(other) == name(block) && gone(other))
            {
                whole('-', other, depth, text);
            }
            whole('+', block, depth, text);
        }
    }
    before
        .filter(|other| gone(other))
        .for_each(|other| whole('-', other, depth, text));
}

fn name(block: &Block) -> &str {
    block.head.split(' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNING: &str = "\
system {
    flow-accounting {
        interface eth1
        netflow {
            server 192.0.2.1 {
                port 2055
            }
            version 9
        }
    }
    host-name a
}
";

    fn path(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_same_has_no_marks() {
        let shown = marked(RUNNING, RUNNING, &[]).unwrap();
        assert!(shown.lines().all(|line| line.starts_with(' ')), "{shown}");
        assert_eq!(
            shown.lines().map(|line| &line[1..]).collect::<Vec<_>>(),
            RUNNING.lines().collect::<Vec<_>>()
        );
    }

    #[test]
    fn added_removed_and_changed_lines_are_marked() {
        let candidate = "\
system {
    flow-accounting {
        interface eth1
        interface eth2
        netflow {
            server 192.0.2.2 {
                port 2055
            }
            version 10
        }
    }
}
";
        let expected = "
 system {
     flow-accounting {
         interface eth1
+        interface eth2
         netflow {
-            server 192.0.2.1 {
-                port 2055
-            }
+            server 192.0.2.2 {
+                port 2055
+            }
>            version 10
         }
     }
-    host-name a
 }
";
        assert_eq!(marked(RUNNING, candidate, &[]).unwrap(), &expected[1..]);
    }

    #[test]
    fn a_path_cuts_the_part_out() {
        assert_eq!(
            marked(
                RUNNING,
                RUNNING,
                &path("system flow-accounting netflow server 192.0.2.1")
            )
            .unwrap(),
            " port 2055\n"
        );
        assert_eq!(
            marked(RUNNING, "", &path("system host-name")).unwrap(),
            "-host-name a\n"
        );
        assert_eq!(
            marked(RUNNING, RUNNING, &path("system flow-accounting interface")).unwrap(),
            " interface eth1\n"
        );
        assert_eq!(marked(RUNNING, RUNNING, &path("flow")), None);
    }

    #[test]
    fn everything_new_is_added() {
        let shown = marked("", RUNNING, &[]).unwrap();
        assert!(shown.lines().all(|line| line.starts_with('+')), "{shown}");
    }
}

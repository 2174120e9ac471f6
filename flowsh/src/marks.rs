//! `show` in configuration mode: the candidate in braces, with `+`, `-` and `>` where it differs from
//! what runs (VyOS).

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
                here.push(Block { head, inside: Some(inside) });
            }
        } else if let Some(head) = line.strip_suffix('{').filter(|head| head.ends_with(' ')) {
            stack.push((head.trim_end().to_owned(), std::mem::take(&mut here)));
        } else {
            here.push(Block { head: line.to_owned(), inside: None });
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
        let words: Vec<String> = grammar::command::split(&block.head).into_iter().map(|word| word.text).collect();
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

/// The candidate at `path` with marks against `running`; both are whole configurations in braces.
/// `None` when neither has anything there.
pub(crate) fn marked(running: &str, candidate: &str, path: &[String]) -> Option<String> {
    let (running, candidate) = (at(blocks(running), path), at(blocks(candidate), path));
    if running.is_empty() && candidate.is_empty() {
        return None;
    }
    let mut text = String::new();
    merge(&running, &candidate, 0, &mut text);
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
            inside.iter().for_each(|block| whole(mark, block, depth + 1, text));
            write(mark, depth, "}", text);
        }
    }
}

/// Walks both in order: what only the old one has stands before what follows it in both.
fn merge(old: &[Block], new: &[Block], depth: usize, text: &mut String) {
    let mut gone = old.iter().peekable();
    for block in new {
        let Some(was) = old.iter().find(|was| was.head == block.head) else {
            let changed = single(block, new).and_then(|_| old.iter().find(|was| name(was) == name(block)));
            match changed.filter(|was| single(was, old).is_some() && !new.contains(was)) {
                Some(was) => {
                    gone.next_if(|next| *next == was);
                    write('>', depth, &block.head, text);
                }
                None => whole('+', block, depth, text),
            }
            continue;
        };
        while let Some(next) = gone.next_if(|next| next.head != was.head) {
            removed(next, old, new, depth, text);
        }
        gone.next();
        match (&was.inside, &block.inside) {
            (Some(old), Some(new)) => {
                write(' ', depth, &format!("{} {{", block.head), text);
                merge(old, new, depth + 1, text);
                write(' ', depth, "}", text);
            }
            (None, None) => write(' ', depth, &block.head, text),
            _ => {
                whole('-', was, depth, text);
                whole('+', block, depth, text);
            }
        }
    }
    for next in gone {
        removed(next, old, new, depth, text);
    }
}

/// Writes what is gone, unless it is shown as changed or stands elsewhere.
fn removed(block: &Block, old: &[Block], new: &[Block], depth: usize, text: &mut String) {
    let elsewhere = new.iter().any(|other| other.head == block.head);
    let changed = single(block, old).is_some()
        && new.iter().any(|other| name(other) == name(block) && single(other, new).is_some());
    if !elsewhere && !changed {
        whole('-', block, depth, text);
    }
}

fn name(block: &Block) -> &str {
    block.head.split(' ').next().unwrap_or_default()
}

/// A leaf with one value: the only line of its name.
fn single<'a>(block: &'a Block, among: &[Block]) -> Option<&'a Block> {
    let alone = among.iter().filter(|other| name(other) == name(block)).count() == 1;
    Some(block).filter(|block| block.inside.is_none() && block.head.contains(' ') && alone)
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
        assert_eq!(shown.lines().map(|line| &line[1..]).collect::<Vec<_>>(), RUNNING.lines().collect::<Vec<_>>());
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
        let expected = "\
 system {
     flow-accounting {
         interface eth1
+        interface eth2
         netflow {
+            server 192.0.2.2 {
+                port 2055
+            }
>            version 10
-            server 192.0.2.1 {
-                port 2055
-            }
         }
     }
-    host-name a
 }
";
        assert_eq!(marked(RUNNING, candidate, &[]).unwrap(), expected);
    }

    #[test]
    fn a_path_cuts_the_part_out() {
        assert_eq!(
            marked(RUNNING, RUNNING, &path("system flow-accounting netflow server 192.0.2.1")).unwrap(),
            " port 2055\n"
        );
        assert_eq!(marked(RUNNING, "", &path("system host-name")).unwrap(), "-host-name a\n");
        assert_eq!(marked(RUNNING, RUNNING, &path("system flow-accounting interface")).unwrap(), " interface eth1\n");
        assert_eq!(marked(RUNNING, RUNNING, &path("flow")), None);
    }

    #[test]
    fn everything_new_is_added() {
        let shown = marked("", RUNNING, &[]).unwrap();
        assert!(shown.lines().all(|line| line.starts_with('+')), "{shown}");
    }
}

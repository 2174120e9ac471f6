//! What the shell says about itself.

/// What `enable` says.
pub(super) const ENABLE: &str = "\
There is no privileged mode: members of flowd-admin may configure, members of
flowd may only show.";

/// What `help` says.
pub(super) const HELP: &str = "\
?         at any point lists what can follow
Tab       completes a word; unique abbreviations do as well
Ctrl-R    searches the history, Ctrl-C drops the line, Ctrl-D leaves a mode,
          Ctrl-Z all of them
| ...     match RE, except RE, begin RE, section RE, count, last N, json,
          no-more, save FILE; of a configuration: display set, compare
--More--  space, Enter, b back, g top, G end, /RE searches, q quits;
          `terminal length 0` never stops

configure           changes go to a candidate; `commit` puts it into force
configure terminal  the same with the IOS prompt: lines wait for `commit`, too

In configuration mode both languages work, typed or pasted:
  set system flow-accounting interface eth1
  flow exporter E
   destination 192.0.2.9
compare             shows what the candidate changes
commit              or `commit-confirm 5`: rolls back unless you type `confirm`
write memory        commits what waits; every commit is kept, there is no other
                    startup configuration
rollback 12         makes a revision the candidate; `show system commit` lists
                    them
load FILE, load terminal, load samplicate FILE, save FILE
run show ...        an operational command (also `do show ...`); `run` may be
                    left out where the line is nothing else
exit                leaves the level or the mode; `exit discard` gives changes
                    up
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_a_terminal_of_80_columns() {
        for line in HELP.lines().chain(ENABLE.lines()) {
            assert!(line.len() <= 80, "{line}");
        }
    }
}

//! One IOS line being read.

use crate::resolve::spoken;
use crate::word::Word;

/// A line of an IOS text.
pub(super) struct Line<'a> {
    /// Its text.
    pub(super) text: &'a str,
    /// Its words, without `no`; there is at least one.
    pub(super) words: Vec<Word<'a>>,
    /// `no` stood before them.
    pub(super) no: bool,
}

impl<'a> Line<'a> {
    /// Its words without the remark behind them.
    pub(super) fn spoken(&self) -> &[Word<'a>] {
        spoken(&self.words)
    }

    /// Its last word that is no remark.
    pub(super) fn last(&self) -> &Word<'a> {
        self.spoken().last().unwrap_or(&self.words[0])
    }

    /// Some of its words, as a line of their own.
    pub(super) fn part(&self, words: &[Word<'a>]) -> Line<'a> {
        Line {
            words: words.to_vec(),
            ..*self
        }
    }
}

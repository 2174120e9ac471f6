//! The rows of a mode as a tree of words, and how the words of a line walk down it.

use language::{Code, Problem};

use super::argument::{Arg, Token};
use super::keyword::{self, Found, ambiguous, one_of};
use super::row::{End, Row};
use super::words::{Word, brief, problem};

/// A place in the patterns of the rows.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) token: Token,
    pub(crate) help: &'static str,
    /// What a line is that ends here; `None` where none may.
    end: Option<End>,
    /// Whether the options below may follow in any order.
    chain: bool,
    /// What a line is asked that ends before this argument; empty for the question of its kind.
    question: &'static str,
    children: Vec<usize>,
}

impl Node {
    fn new(token: Token) -> Node {
        Node {
            token,
            help: "",
            end: None,
            chain: false,
            question: "",
            children: Vec::new(),
        }
    }
}

/// A command of other systems: the word before it (empty for none), the word, and what to do here instead.
pub(crate) type Elsewhere = (&'static str, &'static str, &'static str);

/// The rows of one mode.
#[derive(Debug)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
    elsewhere: &'static [Elsewhere],
}

/// The place that the words of a line have led to.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    node: usize,
    /// The chain whose options may follow.
    chain: Option<usize>,
    /// The options of the chain that stand on the line.
    used: Vec<usize>,
    /// The first word.
    first: Option<usize>,
}

/// A node that can come next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Next<'a> {
    pub(crate) at: usize,
    pub(crate) node: &'a Node,
}

/// One step down the tree.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) state: State,
    /// The number of words that it took.
    pub(crate) taken: usize,
    /// The keyword or the argument, with abbreviations written out.
    pub(crate) text: String,
    pub(crate) token: Token,
}

impl Trie {
    pub(crate) fn new(rows: &[Row], elsewhere: &'static [Elsewhere]) -> Trie {
        let mut trie = Trie {
            nodes: vec![Node::new(Token::Keyword(""))],
            elsewhere,
        };
        for row in rows {
            let mut at = 0;
            for word in row.pattern.split(' ') {
                at = trie.child(at, Token::of(word));
            }
            let node = &mut trie.nodes[at];
            (node.help, node.end, node.chain) = (row.help, row.end, row.chain);
            node.question = row.question;
        }
        trie
    }

    /// Returns the child of a node with this token, which is made if there is none.
    fn child(&mut self, parent: usize, token: Token) -> usize {
        let mut children = self.nodes[parent].children.iter().copied();
        let found = children.find(|child| self.nodes[*child].token == token);
        found.unwrap_or_else(|| {
            self.nodes.push(Node::new(token));
            let new = self.nodes.len() - 1;
            self.nodes[parent].children.push(new);
            new
        })
    }

    /// Returns the nodes that can follow, without options that stand on the line already.
    pub(crate) fn next(&self, state: &State) -> Vec<Next<'_>> {
        let own = &self.nodes[state.node].children;
        let chain = self.options_after(state);
        let all = own.iter().chain(chain).copied();
        all.filter(|at| !state.used.contains(at))
            .map(|at| Next {
                at,
                node: &self.nodes[at],
            })
            .collect()
    }

    /// Returns the options of the chain that can follow where one of its options ends.
    fn options_after(&self, state: &State) -> &[usize] {
        match (state.chain, self.nodes[state.node].end) {
            (Some(chain), Some(End::Option)) if chain != state.node => &self.nodes[chain].children,
            _ => &[],
        }
    }

    /// Returns the keywords that can stand behind an argument that ends an option, also those that were used.
    pub(crate) fn keywords_after(&self, state: &State, argument: usize) -> Vec<&'static str> {
        let after = self.moved(state, argument);
        let own = self.nodes[after.node].children.iter();
        let all = own.chain(self.options_after(&after));
        let tokens = all.map(|at| &self.nodes[*at].token);
        tokens.filter_map(keyword_of).collect()
    }

    /// Returns what a line is that ends here; `None` where it is not complete.
    pub(crate) fn end(&self, state: &State) -> Option<End> {
        match (self.nodes[state.node].end, state.chain) {
            (Some(End::Option), Some(chain)) => self.nodes[chain].end,
            (end, _) => end,
        }
    }

    /// Whether the word is a keyword that can come next.
    pub(crate) fn is_keyword(&self, state: &State, word: &Word) -> bool {
        let next = self.next(state);
        !matches!(find(word, &next), Found::None)
    }

    /// Returns the first keywords of all rows.
    pub(crate) fn first_words(&self) -> Vec<&'static str> {
        keywords(&self.next(&State::default()))
    }

    /// Returns the keyword that the line starts with.
    pub(crate) fn first_word(&self, state: &State) -> Option<&'static str> {
        state.first.map(|first| self.nodes[first].token.shown())
    }

    /// Returns the state that follows when the argument at a node is taken.
    pub(crate) fn after(&self, state: &State, argument: usize) -> State {
        self.moved(state, argument)
    }

    /// Returns the keyword or argument at a node.
    pub(crate) fn token(&self, at: usize) -> &Token {
        &self.nodes[at].token
    }

    /// Returns the help of a node.
    pub(crate) fn help(&self, at: usize) -> &'static str {
        self.nodes[at].help
    }

    /// Takes a keyword or an argument from the front of `words`.
    ///
    /// # Errors
    /// What is wrong with the next word.
    pub(crate) fn step(&self, state: &State, words: &[Word]) -> Result<Step, Problem> {
        let Some(word) = words.first() else {
            return Err(problem(Code::InvalidValue, 0, 1, "nothing to take", None));
        };
        let next = self.next(state);
        let hit = match find(word, &next) {
            Found::One(hit) => hit,
            Found::Many(hits) => return Err(ambiguous(word, &hits)),
            Found::None => return self.step_into_argument(state, &next, words),
        };
        let Some(next) = next
            .iter()
            .find(|next| next.node.token == Token::Keyword(hit))
        else {
            return Err(self.unknown(state, word));
        };
        Ok(Step {
            state: self.moved(state, next.at),
            taken: 1,
            text: hit.to_owned(),
            token: next.node.token,
        })
    }

    fn step_into_argument(
        &self,
        state: &State,
        next: &[Next<'_>],
        words: &[Word],
    ) -> Result<Step, Problem> {
        let Some((arg, at)) =
            argument(next).filter(|(arg, _)| !arg.is_mistyped_keyword(words, &keywords(next)))
        else {
            return Err(self.unknown(state, &words[0]));
        };
        let after = self.moved(state, at);
        let skipped = usize::from(arg.may_follow_name() && self.starts_with_name(&after, words));
        let (text, taken) = arg.take(&words[skipped..], &self.keywords_after(state, at))?;
        Ok(Step {
            state: after,
            taken: taken + skipped,
            text,
            token: self.nodes[at].token,
        })
    }

    /// Whether the first word is Cisco's keyword `name`: a name stands behind it, not what can follow a name.
    fn starts_with_name(&self, after: &State, words: &[Word]) -> bool {
        let [keyword, name, ..] = words else {
            return false;
        };
        keyword.text == "name"
            && !keyword.quoted
            && !name.is_pipe()
            && !self.is_keyword(after, name)
    }

    fn moved(&self, state: &State, to: usize) -> State {
        let mut used = state.used.clone();
        if let Some(chain) = state.chain
            && self.nodes[chain].children.contains(&to)
        {
            used.push(to);
        }
        let chain = if self.nodes[to].chain {
            Some(to)
        } else {
            state.chain
        };
        State {
            node: to,
            chain,
            used,
            first: state.first.or(Some(to)),
        }
    }

    /// Returns the problem of a word that cannot stand here.
    fn unknown(&self, state: &State, word: &Word) -> Problem {
        let words = keywords(&self.next(state));
        if let Some(hint) = self.elsewhere(state, word) {
            let message = format!("there is no \"{}\" here", brief(&word.text));
            return word.problem(Code::NotHere, message, Some(hint.to_owned()));
        }
        let given = |used: &&usize| self.nodes[**used].token.shown() == word.text;
        if !words.is_empty() && state.used.iter().find(given).is_some() {
            let message = format!("\"{}\" is given already", brief(&word.text));
            return word.problem(Code::NotHere, message, Some(one_of(&words)));
        }
        if words.is_empty() {
            return word.problem(
                Code::NotHere,
                format!("\"{}\" is one word too many", brief(&word.text)),
                Some("the command ends before it, or goes on with a pipe |".into()),
            );
        }
        keyword::unknown(word, &words)
    }

    /// Returns what to do here instead of a command that other systems have.
    fn elsewhere(&self, state: &State, word: &Word) -> Option<&'static str> {
        let before = match state.node {
            0 => "",
            node => self.nodes[node].token.shown(),
        };
        let known = self.elsewhere.iter();
        let mut known =
            known.filter(|(after, command, _)| *after == before && *command == word.text);
        known.next().map(|(_, _, hint)| *hint)
    }

    /// Returns the problem of a line that ends too early, at the character `end`. `typed` are its words, spelled out.
    pub(crate) fn incomplete(&self, state: &State, typed: &str, end: usize) -> Problem {
        let next = self.next(state);
        let words = keywords(&next);
        let question = match (argument(&next), words.len()) {
            (Some((arg, at)), 0) => Some(match self.nodes[at].question {
                "" => format!("{typed}: {}", arg.question(self.nodes[at].help)),
                own => format!("{typed} {own}"),
            }),
            _ => None,
        };
        let (message, hint) = match question {
            Some(question) => (question, None),
            None => {
                let expected: Vec<&str> = next.iter().map(|next| next.node.token.shown()).collect();
                let hint = match expected[..] {
                    [] => None,
                    [only] => Some(format!("{only} is missing: {}", next[0].node.help)),
                    _ => Some(format!("what can follow: {}", expected.join(", "))),
                };
                ("the command is not complete".to_owned(), hint)
            }
        };
        problem(Code::MissingValue, end, 1, message, hint)
    }
}

/// Returns the argument among the nodes that can come next, and its node.
pub(crate) fn argument(next: &[Next<'_>]) -> Option<(Arg, usize)> {
    next.iter().find_map(|next| match next.node.token {
        Token::Argument(_, arg) => Some((arg, next.at)),
        Token::Keyword(_) => None,
    })
}

fn keyword_of(token: &Token) -> Option<&'static str> {
    match token {
        Token::Keyword(word) => Some(word),
        Token::Argument(..) => None,
    }
}

fn keywords(next: &[Next<'_>]) -> Vec<&'static str> {
    let tokens = next.iter().map(|next| &next.node.token);
    tokens.filter_map(keyword_of).collect()
}

/// Finds a word among the keywords that can come next.
fn find(word: &Word, next: &[Next<'_>]) -> Found {
    let letters = argument(next).map_or(1, |(arg, _)| arg.letters_of_a_keyword());
    keyword::find(word, &keywords(next), letters)
}

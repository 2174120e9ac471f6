//! The defaults of leaves, for who applies them.
//!
//! Each function is for constants: a path that is no row, a row without a default, or one of another kind does not compile.
//!
//! ```
//! const PORT: u16 = language::schema::default_u16("flow exporter * transport udp");
//! ```
//! ```compile_fail
//! const PORT: u16 = language::schema::default_u16("flow exporter * transport sctp");
//! ```

use std::time::Duration;

use super::{Row, TABLE};

/// The row of a path, in which `*` stands for a name.
///
/// # Panics
/// When there is none; in a constant, so says the compiler.
pub const fn row_at(path: &str) -> &'static Row {
    let mut at = 0;
    while at < TABLE.len() {
        if same(TABLE[at].path, path) {
            return &TABLE[at];
        }
        at += 1;
    }
    panic!("the schema has no row of that path")
}

/// The default of the leaf at a path, as it is written.
///
/// # Panics
/// As [`row_at`], or when it has none.
pub const fn default_word(path: &str) -> &'static str {
    let default = row_at(path).default;
    assert!(!default.is_empty(), "the row has no default");
    default
}

/// The default of the leaf at a path whose values are numbers.
///
/// # Panics
/// As [`default_word`], or when it is no number.
pub const fn default_u64(path: &str) -> u64 {
    let digits = default_word(path).as_bytes();
    let (mut number, mut at) = (0, 0);
    while at < digits.len() {
        assert!(digits[at].is_ascii_digit(), "the default is no number");
        number = number * 10 + (digits[at] - b'0') as u64;
        at += 1;
    }
    number
}

/// The default of the leaf at a path whose values are seconds.
///
/// # Panics
/// As [`default_u64`], or when its unit is another.
pub const fn default_seconds(path: &str) -> Duration {
    assert!(same(row_at(path).unit, "seconds"), "the unit is another");
    Duration::from_secs(default_u64(path))
}

macro_rules! numbers {
    ($($name:ident $type:ident),*) => {$(
        /// The default of the leaf at a path whose values are numbers of this size.
        ///
        /// # Panics
        /// As [`default_u64`], or when it does not fit.
        pub const fn $name(path: &str) -> $type {
            let number = default_u64(path);
            assert!(number <= $type::MAX as u64, "the default does not fit");
            number as $type
        }
    )*};
}
numbers!(default_u8 u8, default_u16 u16, default_u32 u32, default_usize usize);

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    one.len() == other.len() && at == one.len()
}

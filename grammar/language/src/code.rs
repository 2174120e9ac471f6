//! What kind of thing is wrong, for programs.

/// The kind of a [`Problem`](crate::Problem) or a [`Finding`](crate::Finding). It stays the same when the message is worded otherwise: who
/// decides by what is wrong decides by it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A word that nothing has at its place.
    UnknownWord,
    /// The beginning of several words.
    Ambiguous,
    /// A word or a value is missing.
    MissingValue,
    /// A value that is not of the type it should be.
    InvalidValue,
    /// A value outside the range it may have, or more of something than is possible.
    OutOfRange,
    /// A word that is right elsewhere, or on another system, but not at its place.
    NotHere,
    /// A text that is not formed as its dialect wants.
    Syntax,
    /// A name or a value that is to be deleted or described, and is not there.
    NotFound,
    /// A word of another release, which is understood.
    OldWord,
    /// A statement of another router, which is read as what it means here.
    Translated,
    /// A router's name of an interface that no alias explains, which is taken as an interface of this host.
    Guessed,
    /// A masked secret where no secret is configured.
    MaskedSecret,
    /// A reference to something that the configuration does not hold.
    DanglingReference,
    /// A node that lacks something it must have.
    MissingLeaf,
    /// Two parts of the configuration that exclude each other.
    Conflict,
    /// A configuration that this host cannot apply: a port in use, no privilege, no such interface.
    HostRefuses,
    /// A leaf that this release keeps but does not apply.
    NotApplied,
    /// Anything else.
    #[default]
    #[serde(other)]
    Invalid,
}

//! Names: of objects, interfaces, hosts and users.

/// What a name can be.
pub(super) const NAME_HINT: &str =
    "letters, digits and any of . _ - : are possible, 64 characters at most";

/// What the name of an interface can be.
pub(super) const INTERFACE_HINT: &str =
    "a name such as eth0 or eth0.100 is expected, 15 characters at most";

/// ASCII letters, digits and `also`, beginning with a letter, digit or underscore.
pub(super) fn pattern(value: &str, max: usize, also: &str) -> bool {
    value.len() <= max
        && value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || also.contains(c))
}

pub(super) fn name(value: &str) -> bool {
    pattern(value, 64, "._-:")
}

/// A name Linux can give to an interface (IFNAMSIZ less one), kept to the characters people use.
pub(super) fn interface(value: &str) -> bool {
    pattern(value, 15, "._-")
}

/// RFC 1123 §2.1; the last part is not all digits, so that no mistyped address is one.
pub(super) fn host_name(value: &str) -> bool {
    let part = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    value.len() <= 253
        && value.split('.').all(part)
        && value
            .rsplit('.')
            .next()
            .is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()))
}

/// useradd(8): what every system takes.
pub(super) fn user_name(value: &str) -> bool {
    (1..=32).contains(&value.len())
        && value.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && value
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c))
}

/// crypt(5): parts behind `$`; `!` and `*` match nothing.
pub(super) fn password_hash(value: &str) -> bool {
    let hash = value.strip_prefix('!').unwrap_or(value);
    let plain = |c: char| c.is_ascii_alphanumeric() || "./$=,-_+".contains(c);
    matches!(value, "!" | "*")
        || (hash.starts_with('$')
            && hash.matches('$').count() >= 3
            && value.len() <= 384
            && hash.chars().all(plain))
}

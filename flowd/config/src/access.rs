//! What the configuration engine knows of its users: names, and whether a client's connection is still open.

use std::sync::{Arc, Weak};

use nix::unistd::User;

/// A client's connection, which tells whether it is still open.
#[derive(Clone, Debug, Default)]
pub struct Connection(Weak<()>);

impl Connection {
    /// Returns a connection that counts as open for as long as the first value lives.
    pub fn open() -> (Arc<()>, Connection) {
        let open = Arc::new(());
        let connection = Connection(Arc::downgrade(&open));
        (open, connection)
    }

    /// Whether the client connection is still open.
    pub fn is_open(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl PartialEq for Connection {
    fn eq(&self, other: &Connection) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

impl Eq for Connection {}

/// Returns a user's name, or the number of one who has no name.
pub fn user_name(uid: u32) -> String {
    match User::from_uid(uid.into()) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_without_a_name_is_its_number() {
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(54_321), "54321");
    }
}

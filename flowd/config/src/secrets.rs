//! Passwords are kept encrypted in the form of crypt(5), never in plain text.

use language::{Dialect, Mode, Problem, Tree};
use sha_crypt::{Sha512Params, sha512_check, sha512_simple};

/// Returns the tree with every plaintext password encrypted. A password that `before` has already keeps its encrypted
/// form, so that loading the same text twice changes nothing.
///
/// # Errors
/// If the system has no random salt.
pub fn encrypt_passwords(before: &Tree, tree: Tree) -> Result<Tree, Vec<Problem>> {
    let users: Vec<(String, String)> = tree
        .children(&["system", "login", "user"])
        .filter_map(|(user, node)| {
            let plain = node.value(&["authentication", "plaintext-password"])?;
            Some((user.to_owned(), plain.to_owned()))
        })
        .collect();
    if users.is_empty() {
        return Ok(tree);
    }
    let mut lines = String::new();
    for (user, plain) in users {
        let path = [
            "system",
            "login",
            "user",
            &user,
            "authentication",
            "encrypted-password",
        ];
        let kept = before
            .value(&path)
            .filter(|hash| sha512_check(&plain, hash).is_ok());
        let hash = match kept {
            Some(hash) => hash.to_owned(),
            None => encrypted(&plain)?,
        };
        let leaf = format!("system login user {user} authentication");
        lines.push_str(&format!("delete {leaf} plaintext-password\n"));
        lines.push_str(&format!("set {leaf} encrypted-password \"{hash}\"\n"));
    }
    language::load(&tree, &[], &lines, Some(Dialect::Set), Mode::Merge)
}

fn encrypted(plain: &str) -> Result<String, Vec<Problem>> {
    let params = Sha512Params::new(sha_crypt::ROUNDS_DEFAULT);
    let hash = params.and_then(|params| sha512_simple(plain, &params));
    hash.map_err(|error| {
        vec![Problem {
            line: 1,
            column: 1,
            length: 1,
            code: language::Code::Invalid,
            message: format!("the password cannot be encrypted: {error:?}"),
            hint: None,
        }]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(before: &Tree, text: &str) -> Tree {
        let read = language::load(before, &[], text, Some(Dialect::Set), Mode::Merge).unwrap();
        encrypt_passwords(before, read).unwrap()
    }

    #[test]
    fn a_password_is_kept_encrypted_and_the_same_one_stays_as_it_is() {
        let text = "set system login user ann authentication plaintext-password \"open sesame\"";
        let path = ["system", "login", "user", "ann", "authentication"];
        let first = load(&Tree::default(), text);
        let hash = first
            .value(&[&path[..], &["encrypted-password"]].concat())
            .unwrap();
        assert!(
            hash.starts_with("$6$") && !hash.contains("sesame"),
            "{hash}"
        );
        assert!(!first.has(&[&path[..], &["plaintext-password"]].concat()));
        assert_eq!(load(&first, text), first, "the same password");
        let other = text.replace("open", "shut");
        assert_ne!(load(&first, &other), first);
    }
}

//! Who is at the other end of the management socket, as the kernel tells it.
#![allow(unsafe_code)]

use std::fmt;
use std::os::fd::AsRawFd;

use api::host::Role;
use config::access::{Connection, user_name};
use nix::libc;
use nix::unistd::Group;

/// The names of the groups that decide what a user may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups {
    /// Its members configure.
    pub admin: &'static str,
    /// Its members look.
    pub operator: &'static str,
}

/// The groups of an installed flowd.
pub(crate) const GROUPS: Groups = Groups {
    admin: "flowd-admin",
    operator: "flowd",
};
/// The most groups of a process that are looked at; the kernel allows 65,536.
const MOST: usize = 65_536;

/// The other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The user's number.
    pub uid: u32,
    /// The user's name, or the number where it has none.
    pub user: String,
    /// What the user's groups allow; `None` where that is nothing.
    pub role: Option<Role>,
    /// The program that asks, with its process id: `flowsh[412]`.
    pub process: String,
    /// The connection, which tells whether it is still open.
    pub connection: Connection,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (uid {}, {})", self.user, self.uid, self.process)
    }
}

impl Peer {
    /// Returns the peer of a connected Unix socket, with the credentials it had when it connected.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub(crate) fn of(stream: &tokio::net::UnixStream, names: &Groups) -> std::io::Result<Peer> {
        let credentials = stream.peer_cred()?;
        let (uid, gid) = (credentials.uid(), credentials.gid());
        let mut groups = supplementary_groups(stream);
        groups.push(gid);
        Ok(Peer {
            uid,
            user: user_name(uid),
            role: role(uid, &groups, names),
            process: process(credentials.pid()),
            connection: Connection::default(),
        })
    }
}

impl Peer {
    /// Returns what the user may do. A `level` that the configuration gives the user counts more than groups. Root and the
    /// daemon's own user configure in any case, so that nobody is locked out.
    pub(crate) fn allowed(&self, level: Option<Role>) -> Option<Role> {
        match is_own(self.uid) {
            true => Some(Role::Admin),
            false => level.or(self.role),
        }
    }
}

/// Whether a user is root or the one that the daemon runs as.
fn is_own(uid: u32) -> bool {
    uid == 0 || uid == nix::unistd::geteuid().as_raw()
}

/// Returns the name of a process with its id. A process that has ended has no name.
fn process(pid: Option<libc::pid_t>) -> String {
    let Some(pid) = pid else {
        return "a process of another namespace".to_owned();
    };
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name: String = name
        .trim_end()
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    format!("{name}[{pid}]")
}

/// Returns what a user in these groups may do. Root and the daemon's own user may do everything.
fn role(uid: u32, groups: &[u32], names: &Groups) -> Option<Role> {
    let member = |name: &str| {
        let group = Group::from_name(name).ok().flatten();
        group.is_some_and(|group| groups.contains(&group.gid.as_raw()))
    };
    if is_own(uid) || member(names.admin) {
        Some(Role::Admin)
    } else if member(names.operator) {
        Some(Role::Operator)
    } else {
        None
    }
}

/// Returns the peer's supplementary groups (`SO_PEERGROUPS`, unix(7)); none when the kernel does not tell.
fn supplementary_groups(stream: &tokio::net::UnixStream) -> Vec<u32> {
    let mut groups = vec![0u32; 64];
    loop {
        let mut octets = libc::socklen_t::try_from(size_of_val(groups.as_slice())).unwrap_or(0);
        // SAFETY: `groups` is writable for `octets` octets, and any octets are valid `u32`s.
        let answer = unsafe {
            libc::getsockopt(
                stream.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERGROUPS,
                groups.as_mut_ptr().cast(),
                &raw mut octets,
            )
        };
        let count = octets as usize / size_of::<u32>();
        if answer == 0 {
            groups.truncate(count);
            return groups;
        }
        let more =
            std::io::Error::last_os_error().raw_os_error() == Some(libc::ERANGE) && count <= MOST;
        if !more || count <= groups.len() {
            return Vec::new();
        }
        groups.resize(count, 0);
    }
}

/// Runs `work` on a thread with another user's credentials. The system calls are made directly, since the C library's
/// change the whole process. The thread ends with it.
#[cfg(test)]
pub(crate) fn as_user<T: Send + 'static>(
    uid: u32,
    groups: &[u32],
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let groups = groups.to_vec();
    let thread = std::thread::spawn(move || {
        // SAFETY: the pointer and the length are those of `groups`; the other arguments are numbers. Only this
        // thread's credentials change, and it runs nothing but `work`.
        let answers = unsafe {
            [
                libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()),
                libc::syscall(libc::SYS_setresgid, uid, uid, uid),
                libc::syscall(libc::SYS_setresuid, uid, uid, uid),
            ]
        };
        assert_eq!(answers, [0; 3], "{}", std::io::Error::last_os_error());
        work()
    });
    thread.join().expect("the thread of another user")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_the_daemons_user_configure_and_strangers_do_nothing() {
        assert_eq!(role(0, &[], &GROUPS), Some(Role::Admin));
        assert_eq!(
            role(nix::unistd::geteuid().as_raw(), &[], &GROUPS),
            Some(Role::Admin)
        );
        assert_eq!(role(54_321, &[54_321], &GROUPS), None);
    }

    #[test]
    fn groups_decide_for_the_others() {
        // Groups that every Debian has.
        let names = Groups {
            admin: "staff",
            operator: "users",
        };
        let gid = |name: &str| {
            Group::from_name(name)
                .ok()
                .flatten()
                .map(|group| group.gid.as_raw())
        };
        let (Some(staff), Some(users)) = (gid("staff"), gid("users")) else {
            return eprintln!("no groups staff and users here: not tested");
        };
        assert_eq!(role(54_321, &[7, staff, users], &names), Some(Role::Admin));
        assert_eq!(role(54_321, &[7, users], &names), Some(Role::Operator));
        assert_eq!(role(54_321, &[7], &names), None);
    }
}

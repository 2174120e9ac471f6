//! Steps carried out on a host of their own: a network and a host-name namespace that end with the thread.

use std::thread;

use nix::sched::{CloneFlags, unshare};
use rtnetlink::LinkVeth;
use system::{Host, Interface, Link, Settings, difference};

/// Runs `work` in namespaces of its own with a link `probe0`; says so and passes where that is not allowed.
fn on_a_new_host(work: impl FnOnce() + Send + 'static) {
    let thread = thread::spawn(|| {
        if let Err(errno) = unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWUTS) {
            return eprintln!("no namespaces here ({errno}): not tested");
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (connection, handle, _) = rtnetlink::new_connection().unwrap();
            tokio::spawn(connection);
            let pair = LinkVeth::new("probe0", "probe1").build();
            handle.link().add(pair).execute().await.unwrap();
        });
        drop(runtime);
        work();
    });
    thread.join().unwrap();
}

fn probe0() -> Interface {
    let found = system::interfaces().unwrap();
    found
        .into_iter()
        .find(|interface| interface.name == "probe0")
        .unwrap()
}

fn addresses() -> Vec<String> {
    // The kernel adds link-local ones by itself.
    let all = probe0().addresses.into_iter().map(|net| net.to_string());
    all.filter(|text| !text.starts_with("fe80")).collect()
}

fn with(addresses: &[&str]) -> Settings {
    let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
    Settings {
        host_name: None,
        links: [(
            "probe0".to_owned(),
            Link {
                addresses,
                ..Link::default()
            },
        )]
        .into(),
    }
}

/// Leads the host from `old` to `new`; the lines it has to say.
fn lead(host: &Host, old: &Settings, new: &Settings) -> Vec<String> {
    let staged = host.stage(difference(old, new));
    let mut lines = staged.warnings().to_vec();
    lines.extend(host.carry_out(staged));
    lines
}

#[test]
fn only_what_was_configured_is_added_and_removed() {
    on_a_new_host(|| {
        let host = Host::default();
        let nothing = Settings::default();
        let foreign = with(&["198.51.100.7/24"]);
        // Someone else's address, which is not in our settings later.
        assert_eq!(lead(&host, &nothing, &foreign), Vec::<String>::new());
        let two = with(&["192.0.2.1/24", "2001:db8::1/64"]);
        assert_eq!(lead(&host, &nothing, &two), Vec::<String>::new());
        assert!(probe0().up, "an interface with an address is used");
        assert_eq!(
            addresses(),
            ["198.51.100.7/24", "192.0.2.1/24", "2001:db8::1/64"]
        );
        // A restart finds what it gave and says nothing.
        assert_eq!(lead(&Host::default(), &nothing, &two), Vec::<String>::new());
        assert_eq!(
            lead(&host, &two, &with(&["192.0.2.1/24"])),
            Vec::<String>::new()
        );
        assert_eq!(addresses(), ["198.51.100.7/24", "192.0.2.1/24"]);
        assert_eq!(
            lead(&host, &with(&["192.0.2.1/24"]), &nothing),
            Vec::<String>::new()
        );
        assert_eq!(addresses(), ["198.51.100.7/24"]);
    });
}

#[test]
fn mtu_description_and_state_follow_and_go_back() {
    on_a_new_host(|| {
        let host = Host::default();
        let before = probe0().mtu;
        let mut wanted = with(&["192.0.2.1/24"]);
        let link = wanted.links.get_mut("probe0").unwrap();
        (link.mtu, link.description) = (Some(1400), Some("mirror of core1".into()));
        assert_eq!(
            lead(&host, &Settings::default(), &wanted),
            Vec::<String>::new()
        );
        let now = probe0();
        assert_eq!(
            (now.mtu, now.description.as_deref()),
            (1400, Some("mirror of core1"))
        );
        let mut down = wanted.clone();
        down.links.get_mut("probe0").unwrap().disable = true;
        assert_eq!(lead(&host, &wanted, &down), Vec::<String>::new());
        assert!(!probe0().up);
        assert_eq!(
            lead(&host, &down, &Settings::default()),
            Vec::<String>::new()
        );
        let now = probe0();
        assert_eq!((now.mtu, now.description, now.up), (before, None, true));
    });
}

#[test]
fn an_interface_that_is_not_there_is_a_warning() {
    on_a_new_host(|| {
        let mut wanted = with(&["192.0.2.1/24"]);
        wanted
            .links
            .insert("eth9".into(), wanted.links["probe0"].clone());
        let host = Host::default();
        assert_eq!(
            lead(&host, &Settings::default(), &wanted),
            ["interface eth9 does not exist on this host; it is configured when it does"]
        );
        assert_eq!(addresses(), ["192.0.2.1/24"]);
        // What goes from it is gone with it.
        assert_eq!(
            lead(&host, &wanted, &Settings::default()),
            Vec::<String>::new()
        );
    });
}

#[test]
fn what_the_kernel_refuses_is_a_line_and_stops_nothing() {
    on_a_new_host(|| {
        let mut wanted = with(&["192.0.2.1/24"]);
        wanted.links.get_mut("probe0").unwrap().mtu = Some(1);
        let lines = lead(&Host::default(), &Settings::default(), &wanted);
        assert!(
            lines.len() == 1 && lines[0].starts_with("probe0 mtu 1 is not applied: "),
            "{lines:?}"
        );
        assert_eq!(addresses(), ["192.0.2.1/24"]);
    });
}

#[test]
fn the_host_is_named_and_gets_its_name_back() {
    on_a_new_host(|| {
        let name = || nix::unistd::gethostname().unwrap().into_string().unwrap();
        let (host, before) = (Host::default(), name());
        let wanted = Settings {
            host_name: Some("probe1".into()),
            ..Settings::default()
        };
        assert_eq!(
            lead(&host, &Settings::default(), &wanted),
            Vec::<String>::new()
        );
        assert_eq!(name(), "probe1");
        assert_eq!(
            lead(&host, &wanted, &Settings::default()),
            Vec::<String>::new()
        );
        assert_eq!(name(), before);
    });
}

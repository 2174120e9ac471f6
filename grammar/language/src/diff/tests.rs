//! Tests of the comparison.

use crate::{Dialect, Mode, Tree, compare, compare_commands, diff, load};

fn tree(text: &str) -> Tree {
    load(&Tree::default(), &[], text, Some(Dialect::Set), Mode::Merge).unwrap()
}

const OLD: &str = "set system host-name r1
set system syslog local facility all level info
set interfaces ethernet eth2 address 192.0.2.1/24
set interfaces ethernet eth10 disable
set flow exporter A destination 192.0.2.9
set flow exporter A ttl 4
set flow exporter B destination 192.0.2.8
set flow record R match ipv4 protocol
set flow record R match ipv4 tos";

const NEW: &str = "set system host-name r2
set interfaces ethernet eth2 address 192.0.2.1/24
set interfaces ethernet eth2 address 198.51.100.1/24
set interfaces ethernet eth2 description \"to the left\"
set interfaces ethernet eth10 disable
set flow exporter A destination 192.0.2.9
set flow exporter C destination 192.0.2.7
set flow exporter C option sampler-table
set flow record R match ipv4 tos
set flow record R match ipv4 protocol
set flow record EMPTY";

#[test]
fn engineers_read_it() {
    assert_eq!(
        compare(&tree(OLD), &tree(NEW)),
        "[edit system]
- host-name r1
+ host-name r2
- syslog {
-     local {
-         facility all {
-             level info
-         }
-     }
- }
[edit interfaces ethernet eth2]
+ description \"to the left\"
+ address 198.51.100.1/24
[edit flow]
+ record EMPTY
[edit flow record R]
- match ipv4 protocol
+ match ipv4 protocol
[edit flow exporter A]
- ttl 4
[edit flow]
- exporter B {
-     destination 192.0.2.8
- }
+ exporter C {
+     destination 192.0.2.7
+     option sampler-table
+ }
"
    );
    assert_eq!(compare(&tree(OLD), &tree(OLD)), "");
}

#[test]
fn commands_lead_from_old_to_new() {
    let commands = compare_commands(&tree(OLD), &tree(NEW));
    assert_eq!(
        commands,
        "delete system syslog
delete flow record R match ipv4 protocol
delete flow exporter A ttl
delete flow exporter B
set system host-name r2
set interfaces ethernet eth2 description \"to the left\"
set interfaces ethernet eth2 address 198.51.100.1/24
set flow record EMPTY
set flow record R match ipv4 protocol
set flow exporter C destination 192.0.2.7
set flow exporter C option sampler-table
"
    );
    assert_eq!(
        load(&tree(OLD), &[], &commands, None, Mode::Merge),
        Ok(tree(NEW))
    );
}

#[test]
fn changes_name_what_came_and_went() {
    let changes: Vec<String> = diff(&tree(OLD), &tree(NEW))
        .iter()
        .map(|change| {
            format!(
                "{} {}",
                if change.added { '+' } else { '-' },
                change.path.join("/")
            )
        })
        .collect();
    assert_eq!(
        changes,
        [
            "- system/host-name/r1",
            "+ system/host-name/r2",
            "- system/syslog/local/facility/all",
            "- system/syslog/local/facility/all/level/info",
            "+ interfaces/ethernet/eth2/description/to the left",
            "+ interfaces/ethernet/eth2/address/198.51.100.1/24",
            "+ flow/record/EMPTY",
            "- flow/record/R/match/ipv4 protocol",
            "+ flow/record/R/match/ipv4 protocol",
            "- flow/exporter/A/ttl/4",
            "- flow/exporter/B",
            "- flow/exporter/B/destination/192.0.2.8",
            "+ flow/exporter/C",
            "+ flow/exporter/C/destination/192.0.2.7",
            "+ flow/exporter/C/option/sampler-table",
        ]
    );
}

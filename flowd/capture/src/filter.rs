//! Compiles filter expressions to classic BPF programs for packet sockets.

use pcap::{Capture, Linktype};

use crate::error::{Error, libpcap_message};

/// A BPF instruction, as in `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) code: u16,
    pub(crate) jump_true: u8,
    pub(crate) jump_false: u8,
    pub(crate) k: u32,
}

/// Most instructions the kernel accepts (BPF_MAXINSNS).
const MAX_INSTRUCTIONS: usize = 4096;

/// Instruction codes (Linux `linux/bpf_common.h`).
mod code {
    pub(super) const LOAD_BYTE_ABSOLUTE: u16 = 0x30;
    pub(super) const JUMP_IF_EQUAL: u16 = 0x15;
    pub(super) const RETURN: u16 = 0x06;
}

/// A BPF program, which returns for every packet how many octets to capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program(pub(crate) Vec<Instruction>);

fn keep(octets: u32) -> Instruction {
    Instruction {
        code: code::RETURN,
        jump_true: 0,
        jump_false: 0,
        k: octets,
    }
}

impl Program {
    /// A program that captures nothing.
    pub(crate) fn nothing() -> Program {
        Program(vec![keep(0)])
    }

    /// A program that captures `snaplen` octets of every packet.
    pub(crate) fn everything(snaplen: u32) -> Program {
        Program(vec![keep(snaplen)])
    }

    /// A program that captures `snaplen` octets of the packets that match the expression `text`.
    ///
    /// With an `interface`, libpcap compiles for a live capture of it, so that `vlan` also matches tags that the
    /// kernel removes from the frame, and `inbound` and `outbound` are available.
    pub(crate) fn compile(
        text: &str,
        ethernet: bool,
        interface: Option<&str>,
        snaplen: u32,
    ) -> Result<Program, Error> {
        let refused = |error: pcap::Error| Error::Filter {
            text: text.into(),
            message: libpcap_message(&error),
        };
        let live = interface.filter(|_| ethernet).and_then(live_ethernet);
        let compiled = match &live {
            Some(live) => live.compile(text, true),
            None => {
                let link = if ethernet {
                    Linktype::ETHERNET
                } else {
                    Linktype(12)
                };
                Capture::dead(link).and_then(|dead| dead.compile(text, true))
            }
        }
        .map_err(refused)?;
        let mut instructions = Vec::new();
        for instruction in compiled.get_instructions() {
            let mut instruction = parse(&instruction.to_string()).ok_or_else(|| Error::Filter {
                text: text.into(),
                message: "libpcap made a program that cannot be read".into(),
            })?;
            if instruction.code == code::RETURN && instruction.k != 0 {
                instruction.k = snaplen;
            }
            instructions.push(instruction);
        }
        if instructions.len() > MAX_INSTRUCTIONS - 3 {
            return Err(Error::Filter {
                text: text.into(),
                message: "is too long".into(),
            });
        }
        Ok(Program(instructions))
    }

    /// Restricts the program to packets that this host sends.
    pub(crate) fn only_outgoing(self) -> Program {
        self.by_packet_type(libc::PACKET_OUTGOING, true)
    }

    /// Excludes the frames to MAC addresses of other hosts.
    pub(crate) fn without_other_hosts(self) -> Program {
        self.by_packet_type(libc::PACKET_OTHERHOST, false)
    }

    /// Restricts the program to packets of a type (packet(7)), or to those of all others.
    fn by_packet_type(mut self, packet_type: u8, wanted: bool) -> Program {
        let load = Instruction {
            code: code::LOAD_BYTE_ABSOLUTE,
            jump_true: 0,
            jump_false: 0,
            k: (libc::SKF_AD_OFF + libc::SKF_AD_PKTTYPE).cast_unsigned(),
        };
        let test = Instruction {
            code: code::JUMP_IF_EQUAL,
            jump_true: wanted.into(),
            jump_false: (!wanted).into(),
            k: packet_type.into(),
        };
        self.0.splice(..0, [load, test, keep(0)]);
        self
    }
}

/// Checks whether `text` is a filter expression for Ethernet.
///
/// # Errors
/// libpcap's message if it is not.
pub fn check(text: &str) -> Result<(), Error> {
    Program::compile(text, true, None, 65_535).map(|_| ())
}

/// A live capture of the interface, used only for its compiler; `None` if it cannot be opened.
fn live_ethernet(interface: &str) -> Option<Capture<pcap::Active>> {
    let live = Capture::from_device(interface)
        .ok()?
        .buffer_size(64 << 10)
        .snaplen(64)
        .open()
        .ok()?;
    (live.get_datalink() == Linktype::ETHERNET).then_some(live)
}

/// Parses an instruction from `code jt jf k`, the pcap crate's text form, because the crate gives no access to its
/// fields.
fn parse(text: &str) -> Option<Instruction> {
    let mut words = text.split(' ');
    let instruction = Instruction {
        code: words.next()?.parse().ok()?,
        jump_true: words.next()?.parse().ok()?,
        jump_false: words.next()?.parse().ok()?,
        k: words.next()?.parse().ok()?,
    };
    words.next().is_none().then_some(instruction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_become_programs_that_return_the_snaplen() {
        let Program(program) = Program::compile("udp port 53", true, None, 96).unwrap();
        // On Ethernet, the program first looks at the EtherType.
        assert_eq!((program[0].code, program[0].k), (0x28, 12));
        let returns: Vec<u32> = program
            .iter()
            .filter(|it| it.code == code::RETURN)
            .map(|it| it.k)
            .collect();
        assert_eq!(returns, [96, 0]);
        let Program(raw) = Program::compile("udp port 53", false, None, 96).unwrap();
        assert_eq!((raw[0].code, raw[0].k), (0x30, 0), "the version nibble");
    }

    #[test]
    fn bad_expressions_are_refused_in_libpcaps_words() {
        for text in [
            "udp prot 53",
            "host",
            "ether host 1.2.3.4",
            "port 99999",
            "\0",
            "(((",
            "gateway x",
        ] {
            let error = check(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("filter `{text}`: ")) && error.len() > text.len() + 12,
                "{error}"
            );
        }
        check("").unwrap();
        check("not (tcp port 179 or net 192.0.2.0/24)").unwrap();
    }

    #[test]
    fn a_test_for_the_direction_goes_in_front() {
        let Program(program) = Program::everything(128).only_outgoing();
        assert_eq!(program.len(), 4);
        assert_eq!(
            (
                program[1].jump_true,
                program[1].k,
                program[2].k,
                program[3].k
            ),
            (1, 4, 0, 128)
        );
        let Program(program) = Program::everything(128).without_other_hosts();
        assert_eq!(
            (program.len(), program[1].jump_false, program[1].k),
            (4, 1, 3)
        );
    }
}

//! Captures by a memory-mapped ring: AF_PACKET with TPACKET_V3 (Linux `Documentation/networking/packet_mmap.rst`).
//!
//! The kernel fills blocks with packets and hands each over when it is full or [`RETIRE_MS`] old; the reader
//! returns it. A packet for which no block is free is lost and counted.
#![allow(unsafe_code)]

use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use wire::{LinkType, Packet, Tag};

use crate::config::{Config, LinkState, Ready, Statistics};
use crate::error::Error;
use crate::filter::Program;
use crate::socket::{self, PacketSocket, system};

/// Octets of a block, enough for several packets of the largest snaplen.
const BLOCK_LEN: usize = 256 << 10;
/// Age in milliseconds at which a block is handed over although it is not full.
pub const RETIRE_MS: u32 = 40;
/// Only affects how the kernel counts frames: version 3 packs packets of any length.
const FRAME_LEN: u32 = 2048;

/// A ring capturing one interface.
#[derive(Debug)]
pub struct Ring {
    map: Map,
    socket: PacketSocket,
    /// Index of the block to read next.
    next: usize,
    /// Whether every packet counts as sent: on a loopback interface, if only sent packets are to be captured.
    all_outgoing: bool,
    statistics: Statistics,
    state: LinkState,
}

impl Ring {
    /// Opens a ring for the packets of this interface from this moment on.
    ///
    /// # Errors
    /// There is no such interface, permission is missing, the filter does not compile, or a system call fails.
    pub fn open(config: &Config) -> Result<Ring, Error> {
        let socket = PacketSocket::open(&config.interface)?;
        let version = libc::tpacket_versions::TPACKET_V3 as libc::c_int;
        socket.set(
            libc::SOL_PACKET,
            libc::PACKET_VERSION,
            &version,
            "choose the ring's version",
        )?;
        let blocks = (config.ring_bytes / BLOCK_LEN).max(2);
        let too_large = || system(&config.interface, "make so large a ring", Errno::ENOMEM);
        let request = libc::tpacket_req3 {
            tp_block_size: BLOCK_LEN as u32,
            tp_block_nr: u32::try_from(blocks).map_err(|_| too_large())?,
            tp_frame_size: FRAME_LEN,
            tp_frame_nr: u32::try_from(blocks * (BLOCK_LEN / FRAME_LEN as usize))
                .map_err(|_| too_large())?,
            tp_retire_blk_tov: RETIRE_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        socket.set(
            libc::SOL_PACKET,
            libc::PACKET_RX_RING,
            &request,
            "make the ring",
        )?;
        let map = Map::new(&socket, blocks)
            .map_err(|errno| system(&config.interface, "map the ring", errno))?;

        let loopback = socket.hardware() == libc::ARPHRD_LOOPBACK;
        let only_incoming = loopback || !config.outgoing;
        if only_incoming {
            socket.set(
                libc::SOL_PACKET,
                libc::PACKET_IGNORE_OUTGOING,
                &1,
                "leave out sent packets",
            )?;
        }
        let program = program(config, &socket, only_incoming)?;
        if config.fanout.is_some() {
            // A socket can only join a group while capturing, and until it has joined, it would receive every
            // packet.
            socket.attach(&Program::nothing())?;
        } else {
            socket.attach(&program)?;
        }
        socket.start()?;
        if let Some(fanout) = config.fanout {
            // The group ignores the option of its sockets, so it needs its own flag.
            let flags = match only_incoming {
                true => libc::PACKET_FANOUT_FLAG_IGNORE_OUTGOING,
                false => 0,
            };
            let kind = (libc::PACKET_FANOUT_HASH | flags) << 16;
            let value = i32::from(fanout.group) | kind.cast_signed();
            socket.set(
                libc::SOL_PACKET,
                libc::PACKET_FANOUT,
                &value,
                "join the fanout group",
            )?;
            socket.attach(&program)?;
        }
        if config.promiscuous {
            // The kernel undoes this when the socket is closed.
            let membership = libc::packet_mreq {
                mr_ifindex: socket.index().cast_signed(),
                mr_type: libc::PACKET_MR_PROMISC as u16,
                mr_alen: 0,
                mr_address: [0; 8],
            };
            socket.set(
                libc::SOL_PACKET,
                libc::PACKET_ADD_MEMBERSHIP,
                &membership,
                "enter promiscuous mode",
            )?;
        }
        Ok(Ring {
            map,
            socket,
            next: 0,
            all_outgoing: loopback && !config.incoming,
            statistics: Statistics::default(),
            state: LinkState::Up,
        })
    }

    /// Waits until there are packets, `wake` is readable, the link state changes, or `timeout` has passed.
    ///
    /// # Errors
    /// A system call failed.
    pub fn wait(&mut self, wake: BorrowedFd<'_>, timeout: Duration) -> Result<Ready, Error> {
        let ready = self.map.is_ready(self.next);
        let timeout = if ready { Duration::ZERO } else { timeout };
        let events = socket::wait(wake, &[self.socket.as_fd()], timeout)
            .map_err(|errno| system(self.socket.interface(), "wait for packets", errno))?;
        let packets = self.map.is_ready(self.next);
        let mut state = self.state;
        if events.error {
            state = self.socket.take_error()?.unwrap_or(state);
        } else if state == LinkState::Down {
            // The socket is told neither when the interface comes up nor when it is removed.
            state = match packets {
                true => LinkState::Up,
                false => socket::link_state(self.socket.index()),
            };
        }
        let link = (mem::replace(&mut self.state, state) != state).then_some(state);
        Ok(Ready {
            packets,
            woken: events.woken,
            link,
        })
    }

    /// Calls `each` with the packets of the next block and returns how many there were; 0 if no block is ready.
    pub fn read(&mut self, mut each: impl FnMut(&Packet<'_>)) -> usize {
        let Some(block) = self.map.lease(self.next) else {
            return 0;
        };
        self.next = (self.next + 1) % self.map.blocks;
        let mut delivered = 0;
        for mut packet in block.packets() {
            packet.outgoing |= self.all_outgoing;
            each(&packet);
            delivered += 1;
            self.statistics.delivered += 1;
        }
        delivered
    }

    /// Stops accepting packets; those in the ring can still be read, the last ones after [`RETIRE_MS`].
    ///
    /// # Errors
    /// A system call failed.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.socket.attach(&Program::nothing())
    }

    /// Packet counts since the ring was opened.
    ///
    /// # Errors
    /// A system call failed.
    pub fn statistics(&mut self) -> Result<Statistics, Error> {
        // SAFETY: all fields are integers, for which zero is valid.
        let zero: libc::tpacket_stats_v3 = unsafe { mem::zeroed() };
        // The kernel resets its counters with every answer, and includes dropped packets among the captured ones.
        let new = self.socket.get(
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            zero,
            "ask for statistics",
        )?;
        self.statistics.captured += u64::from(new.tp_packets);
        self.statistics.dropped += u64::from(new.tp_drops);
        Ok(self.statistics)
    }

    /// `ifIndex` of the interface.
    pub fn interface_index(&self) -> u32 {
        self.socket.index()
    }

    /// Whether the interface exists and is up, as far as the socket was told.
    pub fn link_state(&self) -> LinkState {
        self.state
    }
}

fn program(config: &Config, socket: &PacketSocket, only_incoming: bool) -> Result<Program, Error> {
    let snaplen = config.snaplen();
    let ethernet = socket::link(socket.hardware()) == LinkType::Ethernet;
    let program = match &config.filter {
        Some(text) => Program::compile(text, ethernet, Some(&config.interface), snaplen)?,
        None => Program::everything(snaplen),
    };
    Ok(
        match (only_incoming || config.incoming, config.promiscuous) {
            (true, true) => program,
            (true, false) => program.without_other_hosts(),
            (false, _) => program.only_outgoing(),
        },
    )
}

/// The ring's memory, which is shared with the kernel.
#[derive(Debug)]
struct Map {
    at: NonNull<u8>,
    blocks: usize,
}

// SAFETY: besides the kernel, only this value accesses the memory, whichever thread holds it.
unsafe impl Send for Map {}

impl Map {
    fn new(socket: &PacketSocket, blocks: usize) -> Result<Map, Errno> {
        let len = blocks * BLOCK_LEN;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: this is a new mapping, placed by the kernel.
        let at = unsafe { libc::mmap(ptr::null_mut(), len, protection, libc::MAP_SHARED, fd, 0) };
        if at == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let at = NonNull::new(at.cast()).ok_or(Errno::ENOMEM)?;
        Ok(Map { at, blocks })
    }

    /// The start of a block. The index is taken modulo the number of blocks.
    fn block(&self, index: usize) -> NonNull<u8> {
        // SAFETY: the offset is inside the mapping.
        unsafe { self.at.add(index % self.blocks * BLOCK_LEN) }
    }

    fn status(&self, index: usize) -> &AtomicU32 {
        let offset = mem::offset_of!(libc::tpacket_block_desc, hdr);
        // SAFETY: the status is the first field of the block's header, inside the mapping and aligned as blocks are
        // to pages. Kernel and reader only access it as a whole.
        unsafe { AtomicU32::from_ptr(self.block(index).add(offset).cast().as_ptr()) }
    }

    fn is_ready(&self, index: usize) -> bool {
        self.status(index).load(Ordering::Acquire) & libc::TP_STATUS_USER != 0
    }

    /// Takes a block that the kernel has handed over.
    fn lease(&self, index: usize) -> Option<Lease<'_>> {
        self.is_ready(index).then_some(Lease { map: self, index })
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: this unmaps the mapping made in `new`, and no lease outlives the map.
        unsafe { libc::munmap(self.at.as_ptr().cast(), self.blocks * BLOCK_LEN) };
    }
}

/// A block owned by the reader. Dropping it returns the block to the kernel.
struct Lease<'a> {
    map: &'a Map,
    index: usize,
}

impl Lease<'_> {
    fn bytes(&self) -> &[u8] {
        // SAFETY: a whole block inside the mapping, which the kernel does not touch until the lease is dropped.
        unsafe { slice::from_raw_parts(self.map.block(self.index).as_ptr(), BLOCK_LEN) }
    }

    fn packets(&self) -> Packets<'_> {
        let bytes = self.bytes();
        // SAFETY: every field of the union's only member is an integer.
        let header =
            read::<libc::tpacket_block_desc>(bytes, 0).map(|block| unsafe { block.hdr.bh1 });
        let (at, left) = header.map_or((0, 0), |header| {
            (header.offset_to_first_pkt as usize, header.num_pkts)
        });
        Packets { bytes, at, left }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.map
            .status(self.index)
            .store(libc::TP_STATUS_KERNEL, Ordering::Release);
    }
}

/// Iterator over the packets of a block.
struct Packets<'a> {
    bytes: &'a [u8],
    at: usize,
    left: u32,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    #[inline]
    fn next(&mut self) -> Option<Packet<'a>> {
        self.left = self.left.checked_sub(1)?;
        let header: libc::tpacket3_hdr = read(self.bytes, self.at)?;
        let address: libc::sockaddr_ll =
            read(self.bytes, self.at + mem::size_of::<libc::tpacket3_hdr>())?;
        let start = self.at + usize::from(header.tp_mac);
        let data = self.bytes.get(start..start + header.tp_snaplen as usize)?;
        self.at += header.tp_next_offset as usize;
        let tag = (header.tp_status & libc::TP_STATUS_VLAN_VALID != 0).then_some(Tag {
            tpid: match header.tp_status & libc::TP_STATUS_VLAN_TPID_VALID {
                0 => 0x8100,
                _ => header.hv1.tp_vlan_tpid,
            },
            tci: header.hv1.tp_vlan_tci as u16,
        });
        Some(Packet {
            time_ns: u64::from(header.tp_sec) * 1_000_000_000 + u64::from(header.tp_nsec),
            data,
            wire_len: header.tp_len,
            link: socket::link(address.sll_hatype),
            tag,
            outgoing: address.sll_pkttype == libc::PACKET_OUTGOING,
        })
    }
}

/// Reads a structure of integers at an offset.
#[inline]
fn read<T: Copy>(bytes: &[u8], at: usize) -> Option<T> {
    let bytes = bytes.get(at..)?.get(..mem::size_of::<T>())?;
    // SAFETY: there are as many octets as the type has, and it is one of the kernel's structures of integers, for
    // which any octets are valid.
    Some(unsafe { ptr::read_unaligned(bytes.as_ptr().cast()) })
}

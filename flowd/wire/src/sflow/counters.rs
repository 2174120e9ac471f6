//! The records of counter samples (`counter_data`).
//!
//! Source: sFlow.org's list of structure numbers and the documents it refers to: `sflow_version_5.txt` (formats 1 to 5, 1001),
//! `sflow_80211.txt` (6, 1002), `sflow_lag.txt` (7), `sflow_openflow.txt` (1004, 1005), `sflow_host.txt` (2000 to 2006 and 2100 to
//! 2104), `sflow_host_ip.txt` (2007 to 2010). A counter that is not known is all ones, a gauge 0.

use super::xdr::{Adapters, Uuid, records, structures};

structures! {
    /// Counters of an interface (RFC 2863).
    InterfaceCounters {
        index: u32 = "ifIndex",
        kind: u32 = "ifType",
        speed: u64 = "ifSpeed",
        direction: u32 = "ifDirection",
        status: u32 = "ifStatus",
        in_octets: u64 = "ifInOctets",
        in_unicast: u32 = "ifInUcastPkts",
        in_multicast: u32 = "ifInMulticastPkts",
        in_broadcast: u32 = "ifInBroadcastPkts",
        in_discards: u32 = "ifInDiscards",
        in_errors: u32 = "ifInErrors",
        in_unknown_protocols: u32 = "ifInUnknownProtos",
        out_octets: u64 = "ifOutOctets",
        out_unicast: u32 = "ifOutUcastPkts",
        out_multicast: u32 = "ifOutMulticastPkts",
        out_broadcast: u32 = "ifOutBroadcastPkts",
        out_discards: u32 = "ifOutDiscards",
        out_errors: u32 = "ifOutErrors",
        promiscuous: u32 = "ifPromiscuousMode",
    }

    /// Counters of an Ethernet interface (RFC 3635).
    EthernetCounters {
        alignment_errors: u32 = "dot3StatsAlignmentErrors",
        fcs_errors: u32 = "dot3StatsFCSErrors",
        single_collisions: u32 = "dot3StatsSingleCollisionFrames",
        multiple_collisions: u32 = "dot3StatsMultipleCollisionFrames",
        sqe_test_errors: u32 = "dot3StatsSQETestErrors",
        deferred: u32 = "dot3StatsDeferredTransmissions",
        late_collisions: u32 = "dot3StatsLateCollisions",
        excessive_collisions: u32 = "dot3StatsExcessiveCollisions",
        transmit_errors: u32 = "dot3StatsInternalMacTransmitErrors",
        carrier_errors: u32 = "dot3StatsCarrierSenseErrors",
        too_long: u32 = "dot3StatsFrameTooLongs",
        receive_errors: u32 = "dot3StatsInternalMacReceiveErrors",
        symbol_errors: u32 = "dot3StatsSymbolErrors",
    }

    /// Counters of a token ring interface (RFC 1748).
    TokenRingCounters {
        line_errors: u32 = "dot5StatsLineErrors",
        burst_errors: u32 = "dot5StatsBurstErrors",
        ac_errors: u32 = "dot5StatsACErrors",
        abort_errors: u32 = "dot5StatsAbortTransErrors",
        internal_errors: u32 = "dot5StatsInternalErrors",
        lost_frame_errors: u32 = "dot5StatsLostFrameErrors",
        receive_congestions: u32 = "dot5StatsReceiveCongestions",
        frame_copied_errors: u32 = "dot5StatsFrameCopiedErrors",
        token_errors: u32 = "dot5StatsTokenErrors",
        soft_errors: u32 = "dot5StatsSoftErrors",
        hard_errors: u32 = "dot5StatsHardErrors",
        signal_losses: u32 = "dot5StatsSignalLoss",
        beacons: u32 = "dot5StatsTransmitBeacons",
        recoveries: u32 = "dot5StatsRecoverys",
        lobe_wires: u32 = "dot5StatsLobeWires",
        removes: u32 = "dot5StatsRemoves",
        singles: u32 = "dot5StatsSingles",
        frequency_errors: u32 = "dot5StatsFreqErrors",
    }

    /// Counters of a 100VG-AnyLAN interface (RFC 2020).
    VgCounters {
        in_high_frames: u32 = "dot12InHighPriorityFrames",
        in_high_octets: u64 = "dot12InHighPriorityOctets",
        in_normal_frames: u32 = "dot12InNormPriorityFrames",
        in_normal_octets: u64 = "dot12InNormPriorityOctets",
        ipm_errors: u32 = "dot12InIPMErrors",
        oversize_errors: u32 = "dot12InOversizeFrameErrors",
        data_errors: u32 = "dot12InDataErrors",
        null_addressed: u32 = "dot12InNullAddressedFrames",
        out_high_frames: u32 = "dot12OutHighPriorityFrames",
        out_high_octets: u64 = "dot12OutHighPriorityOctets",
        trainings: u32 = "dot12TransitionIntoTrainings",
        hc_in_high_octets: u64 = "dot12HCInHighPriorityOctets",
        hc_in_normal_octets: u64 = "dot12HCInNormPriorityOctets",
        hc_out_high_octets: u64 = "dot12HCOutHighPriorityOctets",
    }

    /// Counters of a VLAN.
    VlanCounters {
        id: u32 = "vlan_id",
        octets: u64 = "octets",
        unicast: u32 = "ucastPkts",
        multicast: u32 = "multicastPkts",
        broadcast: u32 = "broadcastPkts",
        discards: u32 = "discards",
    }

    /// Counters of an IEEE 802.11 interface.
    WifiCounters {
        transmitted_fragments: u32 = "dot11TransmittedFragmentCount",
        transmitted_multicasts: u32 = "dot11MulticastTransmittedFrameCount",
        failed: u32 = "dot11FailedCount",
        retries: u32 = "dot11RetryCount",
        multiple_retries: u32 = "dot11MultipleRetryCount",
        duplicates: u32 = "dot11FrameDuplicateCount",
        rts_successes: u32 = "dot11RTSSuccessCount",
        rts_failures: u32 = "dot11RTSFailureCount",
        ack_failures: u32 = "dot11ACKFailureCount",
        received_fragments: u32 = "dot11ReceivedFragmentCount",
        received_multicasts: u32 = "dot11MulticastReceivedFrameCount",
        fcs_errors: u32 = "dot11FCSErrorCount",
        transmitted: u32 = "dot11TransmittedFrameCount",
        undecryptable: u32 = "dot11WEPUndecryptableCount",
        qos_discards: u32 = "dot11QoSDiscardedFragmentCount",
        associated: u32 = "dot11AssociatedStationCount",
        qos_polls_received: u32 = "dot11QoSCFPollsReceivedCount",
        qos_polls_unused: u32 = "dot11QoSCFPollsUnusedCount",
        qos_polls_unusable: u32 = "dot11QoSCFPollsUnusableCount",
        qos_polls_lost: u32 = "dot11QoSCFPollsLostCount",
    }

    /// State and counters of a port of a link aggregation group (IEEE 802.1AX). The state's four octets are those of the
    /// actor and the partner, each as administered and as operating.
    LagCounters {
        actor: [u8; 6] = "dot3adAggPortActorSystemID",
        partner: [u8; 6] = "dot3adAggPortPartnerOperSystemID",
        group: u32 = "dot3adAggPortAttachedAggID",
        state: u32 = "dot3adAggPortState",
        lacp_received: u32 = "dot3adAggPortStatsLACPDUsRx",
        markers_received: u32 = "dot3adAggPortStatsMarkerPDUsRx",
        responses_received: u32 = "dot3adAggPortStatsMarkerResponsePDUsRx",
        unknown_received: u32 = "dot3adAggPortStatsUnknownRx",
        illegal_received: u32 = "dot3adAggPortStatsIllegalRx",
        lacp_sent: u32 = "dot3adAggPortStatsLACPDUsTx",
        markers_sent: u32 = "dot3adAggPortStatsMarkerPDUsTx",
        responses_sent: u32 = "dot3adAggPortStatsMarkerResponsePDUsTx",
    }

    /// Load and memory of a device. Loads are hundredths of a percent.
    Processor {
        five_seconds: u32 = "5s_cpu",
        one_minute: u32 = "1m_cpu",
        five_minutes: u32 = "5m_cpu",
        total_memory: u64 = "total_memory",
        free_memory: u64 = "free_memory",
    }

    /// How a radio's time was spent, in milliseconds.
    Radio {
        elapsed_ms: u32 = "elapsed_time",
        on_channel_ms: u32 = "on_channel_time",
        busy_ms: u32 = "on_channel_busy_time",
    }

    /// The OpenFlow port of an interface.
    OpenflowPort {
        datapath: u64 = "datapath_id",
        port: u32 = "port_no",
    }

    /// The name of an interface.
    PortName<'a> {
        name: &'a [u8] = "name",
    }

    /// What a host is.
    HostDescription<'a> {
        hostname: &'a [u8] = "hostname",
        uuid: Uuid = "uuid",
        machine_type: u32 = "machine_type",
        os_name: u32 = "os_name",
        os_release: &'a [u8] = "os_release",
    }

    /// The network adapters of a host.
    HostAdapters<'a> {
        adapters: Adapters<'a> = "adapters",
    }

    /// The data source that a virtual machine's host is.
    HostParent {
        class: u32 = "container_type",
        index: u32 = "container_index",
    }

    /// The processors of a host. Times are milliseconds.
    HostCpu {
        load_one: f32 = "load_one",
        load_five: f32 = "load_five",
        load_fifteen: f32 = "load_fifteen",
        running: u32 = "proc_run",
        processes: u32 = "proc_total",
        cpus: u32 = "cpu_num",
        speed_mhz: u32 = "cpu_speed",
        uptime_s: u32 = "uptime",
        user_ms: u32 = "cpu_user",
        nice_ms: u32 = "cpu_nice",
        system_ms: u32 = "cpu_system",
        idle_ms: u32 = "cpu_idle",
        wait_ms: u32 = "cpu_wio",
        interrupt_ms: u32 = "cpu_intr",
        soft_interrupt_ms: u32 = "cpu_sintr",
        interrupts: u32 = "interrupts",
        contexts: u32 = "contexts",
        ; later
        steal_ms = "cpu_steal",
        guest_ms = "cpu_guest",
        guest_nice_ms = "cpu_guest_nice",
    }

    /// The memory of a host, in octets; pages and swaps are numbers of pages.
    HostMemory {
        total: u64 = "mem_total",
        free: u64 = "mem_free",
        shared: u64 = "mem_shared",
        buffers: u64 = "mem_buffers",
        cached: u64 = "mem_cached",
        swap_total: u64 = "swap_total",
        swap_free: u64 = "swap_free",
        pages_in: u32 = "page_in",
        pages_out: u32 = "page_out",
        swaps_in: u32 = "swap_in",
        swaps_out: u32 = "swap_out",
    }

    /// The disks of a host. Sizes are octets, times milliseconds, the fullest partition hundredths of a percent.
    HostDisk {
        total: u64 = "disk_total",
        free: u64 = "disk_free",
        fullest: u32 = "part_max_used",
        reads: u32 = "reads",
        octets_read: u64 = "bytes_read",
        read_ms: u32 = "read_time",
        writes: u32 = "writes",
        octets_written: u64 = "bytes_written",
        write_ms: u32 = "write_time",
    }

    /// The traffic of a host or virtual machine.
    HostNetwork {
        in_octets: u64 = "bytes_in",
        in_packets: u32 = "pkts_in",
        in_errors: u32 = "errs_in",
        in_drops: u32 = "drops_in",
        out_octets: u64 = "bytes_out",
        out_packets: u32 = "pkts_out",
        out_errors: u32 = "errs_out",
        out_drops: u32 = "drops_out",
    }

    /// The IP group of MIB-II.
    Mib2Ip {
        forwarding: u32 = "ipForwarding",
        default_ttl: u32 = "ipDefaultTTL",
        in_receives: u32 = "ipInReceives",
        in_header_errors: u32 = "ipInHdrErrors",
        in_address_errors: u32 = "ipInAddrErrors",
        forwarded: u32 = "ipForwDatagrams",
        in_unknown_protocols: u32 = "ipInUnknownProtos",
        in_discards: u32 = "ipInDiscards",
        in_delivers: u32 = "ipInDelivers",
        out_requests: u32 = "ipOutRequests",
        out_discards: u32 = "ipOutDiscards",
        out_no_routes: u32 = "ipOutNoRoutes",
        reassembly_timeout: u32 = "ipReasmTimeout",
        reassembly_required: u32 = "ipReasmReqds",
        reassembled: u32 = "ipReasmOKs",
        reassembly_fails: u32 = "ipReasmFails",
        fragmented: u32 = "ipFragOKs",
        fragmentation_fails: u32 = "ipFragFails",
        fragments_created: u32 = "ipFragCreates",
    }

    /// The ICMP group of MIB-II.
    Mib2Icmp {
        in_messages: u32 = "icmpInMsgs",
        in_errors: u32 = "icmpInErrors",
        in_unreachables: u32 = "icmpInDestUnreachs",
        in_time_exceeded: u32 = "icmpInTimeExcds",
        in_parameter_problems: u32 = "icmpInParamProbs",
        in_source_quenches: u32 = "icmpInSrcQuenchs",
        in_redirects: u32 = "icmpInRedirects",
        in_echos: u32 = "icmpInEchos",
        in_echo_replies: u32 = "icmpInEchoReps",
        in_timestamps: u32 = "icmpInTimestamps",
        in_address_masks: u32 = "icmpInAddrMasks",
        in_address_mask_replies: u32 = "icmpInAddrMaskReps",
        out_messages: u32 = "icmpOutMsgs",
        out_errors: u32 = "icmpOutErrors",
        out_unreachables: u32 = "icmpOutDestUnreachs",
        out_time_exceeded: u32 = "icmpOutTimeExcds",
        out_parameter_problems: u32 = "icmpOutParamProbs",
        out_source_quenches: u32 = "icmpOutSrcQuenchs",
        out_redirects: u32 = "icmpOutRedirects",
        out_echos: u32 = "icmpOutEchos",
        out_echo_replies: u32 = "icmpOutEchoReps",
        out_timestamps: u32 = "icmpOutTimestamps",
        out_timestamp_replies: u32 = "icmpOutTimestampReps",
        out_address_masks: u32 = "icmpOutAddrMasks",
        out_address_mask_replies: u32 = "icmpOutAddrMaskReps",
    }

    /// The TCP group of MIB-II.
    Mib2Tcp {
        rto_algorithm: u32 = "tcpRtoAlgorithm",
        rto_min_ms: u32 = "tcpRtoMin",
        rto_max_ms: u32 = "tcpRtoMax",
        max_connections: u32 = "tcpMaxConn",
        active_opens: u32 = "tcpActiveOpens",
        passive_opens: u32 = "tcpPassiveOpens",
        attempt_fails: u32 = "tcpAttemptFails",
        established_resets: u32 = "tcpEstabResets",
        established: u32 = "tcpCurrEstab",
        in_segments: u32 = "tcpInSegs",
        out_segments: u32 = "tcpOutSegs",
        retransmitted: u32 = "tcpRetransSegs",
        in_errors: u32 = "tcpInErrs",
        out_resets: u32 = "tcpOutRsts",
        in_checksum_errors: u32 = "tcpInCsumErrs",
    }

    /// The UDP group of MIB-II.
    Mib2Udp {
        in_datagrams: u32 = "udpInDatagrams",
        no_ports: u32 = "udpNoPorts",
        in_errors: u32 = "udpInErrors",
        out_datagrams: u32 = "udpOutDatagrams",
        receive_buffer_errors: u32 = "udpRcvbufErrors",
        send_buffer_errors: u32 = "udpSndbufErrors",
        in_checksum_errors: u32 = "udpInCsumErrors",
    }

    /// A host of virtual machines.
    VirtualNode {
        speed_mhz: u32 = "mhz",
        cpus: u32 = "cpus",
        memory: u64 = "memory",
        memory_free: u64 = "memory_free",
        machines: u32 = "num_domains",
    }

    /// The processors of a virtual machine.
    VirtualCpu {
        state: u32 = "state",
        time_ms: u32 = "cpuTime",
        cpus: u32 = "nrVirtCpu",
    }

    /// The memory of a virtual machine, in octets.
    VirtualMemory {
        memory: u64 = "memory",
        max_memory: u64 = "maxMemory",
    }

    /// The disks of a virtual machine.
    VirtualDisk {
        capacity: u64 = "capacity",
        allocation: u64 = "allocation",
        available: u64 = "available",
        reads: u32 = "rd_req",
        octets_read: u64 = "rd_bytes",
        writes: u32 = "wr_req",
        octets_written: u64 = "wr_bytes",
        errors: u32 = "errs",
    }
}

records! {
    /// A record of a counter sample.
    CounterRecord {
        1 "if_counters" => Interface(InterfaceCounters),
        2 "ethernet_counters" => Ethernet(EthernetCounters),
        3 "tokenring_counters" => TokenRing(TokenRingCounters),
        4 "vg_counters" => Vg(VgCounters),
        5 "vlan_counters" => Vlan(VlanCounters),
        6 "ieee80211_counters" => Wifi(WifiCounters),
        7 "lag_port_stats" => Lag(LagCounters),
        1001 "processor" => Processor(Processor),
        1002 "radio_utilization" => Radio(Radio),
        1004 "of_port" => OpenflowPort(OpenflowPort),
        1005 "port_name" => PortName(PortName<'a>),
        2000 "host_descr" => HostDescription(HostDescription<'a>),
        2001 "host_adapters" => HostAdapters(HostAdapters<'a>),
        2002 "host_parent" => HostParent(HostParent),
        2003 "host_cpu" => HostCpu(HostCpu),
        2004 "host_memory" => HostMemory(HostMemory),
        2005 "host_disk_io" => HostDisk(HostDisk),
        2006 "host_net_io" => HostNetwork(HostNetwork),
        2007 "mib2_ip_group" => Mib2Ip(Mib2Ip),
        2008 "mib2_icmp_group" => Mib2Icmp(Mib2Icmp),
        2009 "mib2_tcp_group" => Mib2Tcp(Mib2Tcp),
        2010 "mib2_udp_group" => Mib2Udp(Mib2Udp),
        2100 "virt_node" => VirtualNode(VirtualNode),
        2101 "virt_cpu" => VirtualCpu(VirtualCpu),
        2102 "virt_memory" => VirtualMemory(VirtualMemory),
        2103 "virt_disk_io" => VirtualDisk(VirtualDisk),
        2104 "virt_net_io" => VirtualNetwork(HostNetwork),
    }
}

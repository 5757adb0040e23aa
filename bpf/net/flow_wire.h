/* SPDX-License-Identifier: GPL-2.0 */
/* What the net object tells user space. Mirrored by src/Probes/Net/FlowEvent.cs; a test compares both through BTF. */
#pragma once

#include <linux/types.h>

enum flow_flags {
	FLOW_CLOSED = 1 << 0,     /* the last record of this flow */
	FLOW_UNANSWERED = 1 << 1, /* its last HTTP request was not answered */
};

enum flow_direction {
	FLOW_OUTGOING = 0,
	FLOW_INCOMING = 1,
};

/* Why something is not in the numbers. User space names each one. */
enum flow_loss {
	LOSS_TCP_TABLE_FULL,    /* connections that were not tracked */
	LOSS_UDP_TABLE_FULL,    /* datagrams of flows that were not tracked */
	LOSS_RING_FULL,         /* last records of connections */
	LOSS_LISTENERS_FULL,    /* listening sockets; their connections get no fallback owner */
	LOSS_OWNERS_FULL,       /* UDP sockets whose owner is not known before they send */
	LOSS_PACKET_UNREADABLE, /* UDP packets whose header could not be read */
	LOSS_HTTP_RING_FULL,    /* parts of HTTP exchanges */
	LOSS_HTTP_LOST_TRACK,   /* places where an HTTP stream was lost until its next head */
	LOSS_HTTP_BROKEN,       /* HTTP connections that broke the protocol */
	LOSS_DNS_RING_FULL,     /* DNS messages, or parts of them */
	LOSS_DNS_UNREADABLE,    /* packets of the DNS ports whose headers could not be read */
	LOSS_HTTP_LONG_METHOD,  /* connections that began with a longer method than is followed, or are not HTTP */
	LOSS_HTTP_NOT_HTTP,     /* connections that were given up after several packets without HTTP */
	LOSS_TCP_IN_SOCKMAP,    /* connections that a BPF program may splice below TCP's counters */
	LOSS_COUNT,
};

struct flow_loss_count {
	__u64 records;
	__u64 bytes;
};

/* One socket's (TCP) or one socket-and-peer's (UDP) counters since it is tracked. Cumulative: a repeated or a late record does no harm. */
struct flow_event {
	__u64 id; /* unique while the agent runs */
	__u64 tx_bytes;
	__u64 rx_bytes;
	__u8 saddr[16]; /* local side, network order, IPv4 in mapped form */
	__u8 daddr[16];
	__u8 nat_addr[16]; /* where its packets left for, if translated in its own network namespace */
	__u32 retransmits;
	__u32 rtt_us; /* 0: no sample */
	__u32 rtt_var_us;
	__u32 tgid;  /* in the initial pid namespace; 0: unknown */
	__u32 netns; /* inode */
	__u16 sport; /* host order */
	__u16 dport;
	__u16 nat_port; /* 0: not translated there, or not seen */
	__u8 transport;
	__u8 direction;
	__u8 flags;
	__u8 owner_rank; /* enum owner_rank */
	char comm[16];   /* the process's name when the owner was learnt */
	__u8 pad[2];
};
_Static_assert(sizeof(struct flow_event) == 120, "flow_event is a wire format");

/* What a walk over the open files takes in. */
enum adopt_what {
	ADOPT_ALL,       /* connections and UDP sockets */
	ADOPT_LISTENERS, /* the direction of a connection depends on them */
	ADOPT_UDP,       /* TCP connections are followed in another way, or not at all */
};

/* A socket that user space found, and who has it open. Stands in the place of a packet: with room for its link-layer header. */
struct adopt_request {
	__u8 ether[14];
	__u8 family;
	__u8 protocol;
	__u8 laddr[16]; /* network order, IPv4 in mapped form */
	__u8 raddr[16]; /* of a socket that is not connected: an address that can reach it */
	__u16 lport;    /* host order */
	__u16 rport;
	__u32 tgid; /* in the initial pid namespace */
	char comm[16];
};
_Static_assert(sizeof(struct adopt_request) == 72, "adopt_request is a wire format");

/* What user space asks of the next walk. Mirrored by src/Probes/Net/FlowControl.cs. */
struct flow_control {
	__u64 udp_idle_ns;
	__u32 sweep_all;   /* write every open flow, not only those that changed */
	__u32 adopt;       /* enum adopt_what */
	__u32 sweep;       /* number of this sweep, never 0: one that had to stop goes on with what it has not seen */
	__u32 ends_unseen; /* no hook tells the end of every connection: the sweep looks for itself */
	__u32 begun;       /* what was there before the agent has been adopted */
	__u32 pad;
};
_Static_assert(sizeof(struct flow_control) == 32, "flow_control is a wire format");

/* How sure we are who owns a socket; a higher rank replaces a lower one, never the other way round. */
enum owner_rank {
	OWNER_UNKNOWN,
	OWNER_LISTENER, /* the process that listens on the port, or that bound it (UDP) */
	OWNER_HOLDER,   /* a process that has the socket open, or that closed it */
	OWNER_EXACT,    /* the process that connected, accepted or sent */
};

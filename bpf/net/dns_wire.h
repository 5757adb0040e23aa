/* SPDX-License-Identifier: GPL-2.0 */
/* What the net object tells user space about DNS, on a ring of its own. Mirrored by src/Probes/Net/Dns/DnsRecord.cs; a test compares
 * both through BTF. */
#pragma once

#include <linux/types.h>

#define DNS_MAX_PORTS 8

/* The room for bytes behind a record. Most queries fit into the first, most answers into the second. */
#define DNS_SMALL 128
#define DNS_MEDIUM 512
#define DNS_LARGE 4096

enum dns_flags {
	DNS_SENT = 1 << 0,  /* by the local socket; otherwise it received it */
	DNS_BEGIN = 1 << 1, /* TCP: this direction begins, its first byte has the number seq */
	DNS_END = 1 << 2,   /* TCP: the connection ends */
};

/* A datagram, or a part of a TCP stream, and the socket it belongs to. Its first bytes follow. */
struct dns_record {
	__u64 at_ns;    /* CLOCK_MONOTONIC */
	__u8 saddr[16]; /* local side, network order, IPv4 in mapped form */
	__u8 daddr[16];
	__u32 netns; /* inode */
	__u32 tgid;  /* of the sender, in the initial pid namespace; 0: unknown, or received */
	__u32 seq;   /* TCP: sequence number of the first byte */
	__u32 length;
	__u16 sport; /* host order */
	__u16 dport;
	__u16 captured; /* how many of length bytes follow; behind them is room of no meaning */
	__u8 transport;
	__u8 flags;
};
_Static_assert(sizeof(struct dns_record) == 64, "dns_record is a wire format");

/* Which ports carry DNS. Written by user space before the programs are attached. */
struct dns_ports {
	__u64 mask; /* bit port % 64 of each: what most ports fail without a further look */
	__u16 ports[DNS_MAX_PORTS];
};
_Static_assert(sizeof(struct dns_ports) == 24, "dns_ports is a wire format");

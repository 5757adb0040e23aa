/* SPDX-License-Identifier: GPL-2.0 */
/* What the conntrack object tells user space. Mirrored by src/Probes/Conntrack/NatEvent.cs; a test compares both through BTF. */
#pragma once

#include <linux/types.h>

enum nat_news {
	NAT_KNOWN = 1,
	NAT_GONE = 2,
};

/* A connection whose destination is translated, as its client made it, and where it goes. IPv4 in mapped form. */
struct nat_event {
	__u64 at_ns; /* CLOCK_MONOTONIC */
	__u8 saddr[16];
	__u8 daddr[16];
	__u8 target[16];
	__u32 netns; /* inode of the namespace that translates */
	__u16 sport; /* host order */
	__u16 dport;
	__u16 target_port;
	__u8 transport;
	__u8 news; /* enum nat_news */
	__u8 pad[4];
};
_Static_assert(sizeof(struct nat_event) == 72, "nat_event is a wire format");

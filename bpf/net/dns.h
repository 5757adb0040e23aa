/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the net object need to tell DNS from the rest. */
#pragma once

#include "dns_wire.h"
#include "flow.h"

struct dns_ports_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dns_ports);
};

struct dns_events_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
};

int dns_on_segment(struct __sk_buff *skb, __u32 egress);

static __always_inline int is_dns_port(const struct dns_ports *ports, __u16 port)
{
	int i;

	if (!(ports->mask >> (port & 63) & 1) || !port)
		return 0;
	for (i = 0; i < DNS_MAX_PORTS; i++) {
		if (ports->ports[i] == port)
			return 1;
	}
	return 0;
}

/* Whether a packet between these ports, or of this socket, may be DNS. A destination that was translated on the way out shows
 * only in the socket, and only when that is connected. */
static __always_inline int may_be_dns(void *map, struct bpf_sock *sk, __u16 lport, __u16 rport)
{
	__u32 zero = 0;
	struct dns_ports *ports = bpf_map_lookup_elem(map, &zero);

	if (!ports || !ports->mask)
		return 0;
	return is_dns_port(ports, rport) || is_dns_port(ports, lport) || is_dns_port(ports, bpf_ntohs(sk->dst_port));
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Between whom a datagram goes, and how long it is, by its headers. */
#pragma once

#include "../common/transport.h"
#include "flow.h"

struct ipv4_and_udp {
	__u8 version_and_words;
	__u8 tos;
	__be16 length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 check;
	__be32 saddr;
	__be32 daddr;
	__be16 sport; /* right here only without options */
	__be16 dport;
};

struct ipv6_head {
	__u8 version_and_flow[4];
	__be16 length;
	__u8 next;
	__u8 hops;
	__u8 saddr[16];
	__u8 daddr[16];
};

/* A packet's addresses as source and destination, and how many payload bytes it carries. */
struct udp_packet {
	__u8 saddr[16];
	__u8 daddr[16];
	__be16 sport;
	__be16 dport;
	__u32 payload;
};

static __always_inline int read_ports(struct __sk_buff *skb, __u32 at, struct udp_packet *packet)
{
	if (bpf_skb_load_bytes(skb, at, &packet->sport, 4) || skb->len < at + 8)
		return -1;
	packet->payload = skb->len - at - 8;
	return 0;
}

static __always_inline int read_ipv4(struct __sk_buff *skb, struct udp_packet *packet)
{
	const struct ipv4_and_udp *seen = (const struct ipv4_and_udp *)(long)skb->data;
	struct ipv4_and_udp head;
	__u32 words;

	/* Almost every packet has it where it can be read without a call. */
	if ((const void *)(seen + 1) <= (const void *)(long)skb->data_end)
		head = *seen;
	else if (bpf_skb_load_bytes(skb, 0, &head, sizeof(head)))
		return -1;
	map_ipv4(packet->saddr, head.saddr);
	map_ipv4(packet->daddr, head.daddr);
	words = head.version_and_words & 15;
	if (words != 5)
		return read_ports(skb, words * 4, packet);
	packet->sport = head.sport;
	packet->dport = head.dport;
	if (skb->len < 28)
		return -1;
	packet->payload = skb->len - 28;
	return 0;
}

static __always_inline int read_ipv6(struct __sk_buff *skb, struct udp_packet *packet)
{
	struct ipv6_head head;
	__u32 at;

	if (bpf_skb_load_bytes(skb, 0, &head, sizeof(head)))
		return -1;
	__builtin_memcpy(packet->saddr, head.saddr, 16);
	__builtin_memcpy(packet->daddr, head.daddr, 16);
	at = behind_extensions(skb, head.next, IPPROTO_UDP);
	return at ? read_ports(skb, at, packet) : -1;
}

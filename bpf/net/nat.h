/* SPDX-License-Identifier: GPL-2.0 */
/* What a packet on its way out shows of its translation in its socket's own network namespace. */
#pragma once

#include "../common/conntrack.h"
#include "flow.h"

/* enum ip_conntrack_info: the three lowest bits of _nfct; from here on the packet goes in the direction of the replies. */
#define IP_CT_IS_REPLY 3
#define NFCT_INFO_MASK 7ul

struct sk_buff {
	unsigned long _nfct;
} __attribute__((preserve_access_index));

static __always_inline int same_ends(const struct flow_ends *one, const struct flow_ends *other)
{
	__u32 here[sizeof(*one) / 4], there[sizeof(*one) / 4];
	__u32 i, differ = 0;

	__builtin_memcpy(here, one, sizeof(here));
	__builtin_memcpy(there, other, sizeof(there));
	for (i = 0; i < sizeof(here) / 4; i++)
		differ |= here[i] ^ there[i];
	return !differ;
}

/* On its own: a macro that reads an element needs its index as a constant. */
static __always_inline void read_tuple(struct nf_conn *ct, int is_reply, struct flow_ends *ends)
{
	struct nf_conntrack_tuple_hash *hash = is_reply ? __builtin_preserve_access_index(&ct->tuplehash[1])
	                                                : __builtin_preserve_access_index(&ct->tuplehash[0]);
	__u16 family = BPF_CORE_READ(hash, tuple.src.l3num);
	__u32 address[4];

	BPF_CORE_READ_INTO(&address, hash, tuple.src.u3.all);
	map_address(ends->laddr, address, family);
	BPF_CORE_READ_INTO(&address, hash, tuple.dst.u3.all);
	map_address(ends->raddr, address, family);
	ends->lport = bpf_ntohs(BPF_CORE_READ(hash, tuple.src.u.all));
	ends->rport = bpf_ntohs(BPF_CORE_READ(hash, tuple.dst.u.all));
}

/* What the socket is connected to. Its fields may be read, but clang must not make pointers to them. */
static __always_inline void read_socket(struct bpf_sock *sk, int is_ipv4, struct flow_ends *ends)
{
	__u32 here[4] = {sk->src_ip4, sk->src_ip6[1], sk->src_ip6[2], sk->src_ip6[3]};
	__u32 there[4] = {sk->dst_ip4, sk->dst_ip6[1], sk->dst_ip6[2], sk->dst_ip6[3]};

	barrier_var(here[0]);
	barrier_var(there[0]);
	if (is_ipv4) {
		map_ipv4(ends->laddr, here[0]);
		map_ipv4(ends->raddr, there[0]);
	} else {
		here[0] = sk->src_ip6[0];
		barrier_var(here[0]);
		there[0] = sk->dst_ip6[0];
		barrier_var(there[0]);
		__builtin_memcpy(ends->laddr, here, 16);
		__builtin_memcpy(ends->raddr, there, 16);
	}
	ends->lport = sk->src_port;
	ends->rport = bpf_ntohs(sk->dst_port);
}

/* What connection tracking has noted on a packet: a connection and the packet's part in it; 0 for none. */
static __always_inline unsigned long tracked_as(struct __sk_buff *skb)
{
	struct sk_buff *packet = (struct sk_buff *)address_of(skb);

	return bpf_core_field_exists(packet->_nfct) ? BPF_CORE_READ(packet, _nfct) : 0;
}

static __always_inline struct nf_conn *conn_in(unsigned long nfct)
{
	return (struct nf_conn *)(nfct & ~NFCT_INFO_MASK);
}

static __always_inline int is_translated(struct nf_conn *ct)
{
	return BPF_CORE_READ(ct, status) & (IPS_SRC_NAT | IPS_DST_NAT);
}

/* Whether a packet that leaves an unconnected socket was translated. */
static __always_inline int leaves_translated(struct __sk_buff *skb)
{
	struct nf_conn *ct = bpf_core_type_exists(struct nf_conn) ? conn_in(tracked_as(skb)) : 0;

	return ct && is_translated(ct);
}

/*
 * The ends of a packet that leaves, as its socket knows them, when connection tracking has translated either of them; 0 when it has
 * not. Where the kernel does not tell how it keeps connections, only connected sockets are understood: if the packet goes elsewhere
 * and is tracked, it was translated (or sent elsewhere on purpose, which connected sockets hardly do).
 */
static __always_inline int ends_before_nat(struct __sk_buff *skb, struct bpf_sock *sk, const struct flow_ends *now,
                                           struct flow_ends *ends)
{
	unsigned long nfct = tracked_as(skb);
	struct nf_conn *ct = conn_in(nfct);

	if (!ct)
		return 0;
	if (bpf_core_type_exists(struct nf_conn)) {
		if (!is_translated(ct))
			return 0;
		read_tuple(ct, (nfct & NFCT_INFO_MASK) >= IP_CT_IS_REPLY, ends);
		return 1;
	}
	if (!sk->dst_port)
		return 0;
	read_socket(sk, skb->protocol == bpf_htons(ETH_P_IP), ends);
	return !same_ends(ends, now);
}

// SPDX-License-Identifier: GPL-2.0
/* TCP connections that their own network namespace translates: their first packet leaves for another destination than the socket's. */
#include "nat.h"

extern struct tcp_conns_map tcp_conns SEC(".maps");

/* Where a TCP packet goes; 0 when that cannot be read. Behind an extension header of IPv6 the address may be that of a hop. */
static __always_inline int read_remote(struct __sk_buff *skb, struct flow_ends *ends)
{
	__be32 ipv4;
	__be16 port;
	__u8 first;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, 0, &first, 1) || bpf_skb_load_bytes(skb, 16, &ipv4, 4) ||
		    bpf_skb_load_bytes(skb, (first & 15) * 4 + 2, &port, 2))
			return 0;
		map_ipv4(ends->raddr, ipv4);
	} else if (bpf_skb_load_bytes(skb, 6, &first, 1) || first != IPPROTO_TCP ||
	           bpf_skb_load_bytes(skb, 24, ends->raddr, 16) || bpf_skb_load_bytes(skb, 42, &port, 2)) {
		return 0;
	}
	ends->rport = bpf_ntohs(port);
	return 1;
}

/* The SYN of a socket that connects: once a connection. */
__attribute__((noinline)) int nat_on_syn(struct __sk_buff *skb)
{
	struct flow_ends asked = {}, sent = {};
	struct bpf_sock *sk = skb->sk;
	struct tcp_conn *conn;
	__u64 key;

	if (!sk)
		return 0;
	sk = bpf_sk_fullsock(sk);
	if (!sk || !read_remote(skb, &sent))
		return 0;
	read_socket(sk, skb->protocol == bpf_htons(ETH_P_IP), &asked);
	if (same_remote(&asked, &sent))
		return 0;
	key = address_of(sk);
	conn = bpf_map_lookup_elem(&tcp_conns, &key);
	if (!conn)
		return 0;
	__builtin_memcpy(conn->nat_addr, sent.raddr, 16);
	conn->nat_port = sent.rport;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

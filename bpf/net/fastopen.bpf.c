// SPDX-License-Identifier: GPL-2.0
/*
 * TCP Fast Open: a server's socket that receives with the SYN, and answers, before its handshake is over. No change of state tells of
 * it until then; its first packet does.
 */
#include "tcp.h"

extern struct tcp_conns_map tcp_conns SEC(".maps");
extern struct listeners_map listeners SEC(".maps");

/* Enters the socket of a packet, not as established; returns 1 when it is in the table. */
__attribute__((noinline)) int tcp_open_early(struct __sk_buff *skb)
{
	struct bpf_sock *full = skb->sk;
	struct listener_key listener = {};
	struct tcp_conn conn = {};
	struct owner *owner;
	struct sock *sk;
	__u64 key;

	if (!full)
		return 0;
	key = address_of(full);
	sk = (struct sock *)key;
	conn.id = new_flow_id();
	conn.direction = FLOW_INCOMING;
	fill_tuple(&conn, sk);
	listener.netns = conn.netns;
	listener.port = conn.sport;
	owner = bpf_map_lookup_elem(&listeners, &listener);
	if (owner)
		conn.owner = *owner;
	/* A full table is counted when the connection is established. */
	return !bpf_map_update_elem(&tcp_conns, &key, &conn, BPF_NOEXIST);
}

char LICENSE[] SEC("license") = "GPL";

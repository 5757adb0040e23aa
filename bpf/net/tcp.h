/* SPDX-License-Identifier: GPL-2.0 */
/* What a TCP socket says about itself. */
#pragma once

#include "flow.h"

static __always_inline int is_inet(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return family == AF_INET || family == AF_INET6;
}

/* Whether this end has closed its direction: a FIN is in the queue, or was sent. */
static __always_inline int has_fin(int state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSING || state == TCP_LAST_ACK;
}

/* A FIN takes a sequence number and is counted like a byte by snd_nxt; it has been sent once everything queued has. */
static __always_inline __u32 fin_sent(struct tcp_sock *tp, int state)
{
	return has_fin(state) && BPF_CORE_READ(tp, snd_nxt) == BPF_CORE_READ(tp, write_seq);
}

/* Sequence numbers used, in 64 bits: what was acked plus what is in flight. bytes_sent counts retransmissions, and counts
 * twice what a local queue refused, so it cannot be used. */
static __always_inline __u64 sequence_sent(struct tcp_sock *tp)
{
	__u32 in_flight = BPF_CORE_READ(tp, snd_nxt) - BPF_CORE_READ(tp, snd_una);

	return BPF_CORE_READ(tp, bytes_acked) + in_flight;
}

/* Payload bytes sent, once each. A SYN is in here too; the base of an active open takes it out. */
static __always_inline __u64 bytes_sent(struct tcp_sock *tp, int state)
{
	return sequence_sent(tp) - fin_sent(tp, state);
}

/* The same with those that wait to be sent. */
static __always_inline __u64 bytes_queued(struct tcp_sock *tp, int state)
{
	__u32 unacked = BPF_CORE_READ(tp, write_seq) - BPF_CORE_READ(tp, snd_una);

	return BPF_CORE_READ(tp, bytes_acked) + unacked - has_fin(state);
}

static __always_inline __u32 has_peer_fin(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_flags) >> SOCK_DONE_BIT & 1;
}

/* Payload bytes received in order, whether the program reads them or not; the peer's FIN is counted by the kernel. */
static __always_inline __u64 bytes_received(struct sock *sk, struct tcp_sock *tp)
{
	return BPF_CORE_READ(tp, bytes_received) - has_peer_fin(sk);
}

#define SK_USER_DATA_PSOCK 4UL /* include/net/sock.h, since Linux 6.1: the socket is in a sockmap */

/* What a program of the map redirects between sockets passes below the counters of both. */
static __always_inline int is_in_sockmap(struct sock *sk)
{
	return (unsigned long)BPF_CORE_READ(sk, sk_user_data) & SK_USER_DATA_PSOCK;
}

static __always_inline void fill_tuple(struct tcp_conn *conn, struct sock *sk)
{
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		map_ipv4(conn->saddr, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		map_ipv4(conn->daddr, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else {
		BPF_CORE_READ_INTO(&conn->saddr, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&conn->daddr, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	}
	conn->sport = BPF_CORE_READ(sk, __sk_common.skc_num);
	conn->dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	conn->netns = netns_of(sk);
}

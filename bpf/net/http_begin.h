/* SPDX-License-Identifier: GPL-2.0 */
/* The first packet of a connection that passes here: where its streams begin, and whose they are. */
#pragma once

#include "http_head.h"

extern struct tcp_conns_map tcp_conns SEC(".maps");
extern struct flow_losses_map flow_losses SEC(".maps");
extern struct http_socks_map http_socks SEC(".maps");

int tcp_open_early(struct __sk_buff *skb);

/* What this host sends passes here in order; what it receives may not, so that the first segment need not be the stream's first.
 * What the socket has received by now passed while there was only its listener. */
static __always_inline void start_ingress(struct __sk_buff *skb, struct http_stream *stream, struct bpf_sock *sk)
{
	struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);

	stream->started = 1;
	if (!tcp)
		return;
	stream->next = tcp->rcv_nxt - (__u32)tcp->bytes_received;
	if (!tcp->bytes_received || http_inherit(skb, tcp->bytes_received))
		return;
	stream->next = tcp->rcv_nxt;
	stream->pos = tcp->bytes_received;
	stream->state = HTTP_LOST;
	count_loss_in(&flow_losses, LOSS_HTTP_LOST_TRACK, tcp->bytes_received);
}

static __always_inline struct http_sock *new_sock(struct __sk_buff *skb, struct bpf_sock *sk)
{
	__u64 key = address_of(sk);
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &key);
	struct http_sock *sock;

	if (!conn && sk->state == TCP_SYN_RECV && tcp_open_early(skb))
		conn = bpf_map_lookup_elem(&tcp_conns, &key);
	if (!conn)
		return 0;
	sock = bpf_sk_storage_get(&http_socks, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!sock)
		return 0;
	sock->conn = conn->id;
	sock->key = key;
	sock->requests = conn->direction == FLOW_OUTGOING;
	sock->adopted = conn->adopted;
	if (!sock->adopted)
		sock->streams[0].state = sock->streams[1].state = HTTP_START;
	return sock;
}

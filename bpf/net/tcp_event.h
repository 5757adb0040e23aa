/* SPDX-License-Identifier: GPL-2.0 */
/* The record of one TCP connection, filled when it ends and at a sweep. */
#pragma once

#include "http_state.h"
#include "tcp.h"

/* Whose it is; the counters are 0. */
static __always_inline void fill_identity(struct flow_event *event, const struct tcp_conn *conn)
{
	__builtin_memset(event, 0, sizeof(*event));
	event->id = conn->id;
	__builtin_memcpy(event->saddr, conn->saddr, 16);
	__builtin_memcpy(event->daddr, conn->daddr, 16);
	__builtin_memcpy(event->nat_addr, conn->nat_addr, 16);
	event->nat_port = conn->nat_port;
	event->sport = conn->sport;
	event->dport = conn->dport;
	event->netns = conn->netns;
	event->transport = IPPROTO_TCP;
	event->direction = conn->direction;
	event->tgid = conn->owner.tgid;
	event->owner_rank = conn->owner.rank;
	__builtin_memcpy(event->comm, conn->owner.comm, sizeof(event->comm));
}

static __always_inline void fill_event(struct flow_event *event, const struct tcp_conn *conn, struct sock *sk, int state)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;

	fill_identity(event, conn);
	event->tx_bytes = bytes_sent(tp, state) - conn->base_tx;
	event->rx_bytes = bytes_received(sk, tp) - conn->base_rx;
	event->retransmits = BPF_CORE_READ(tp, total_retrans) - conn->base_retransmits;
	event->rtt_us = BPF_CORE_READ(tp, srtt_us) >> 3;
	event->rtt_var_us = event->rtt_us ? BPF_CORE_READ(tp, mdev_us) >> 2 : 0;
}

static __always_inline __u8 closed_flags(const struct tcp_conn *conn)
{
	return FLOW_CLOSED | (conn->http_asked != conn->http_told ? FLOW_UNANSWERED : 0);
}

/* As it was when a sweep last showed it: what its socket said later is not known. */
static __always_inline void fill_last(struct flow_event *event, const struct tcp_conn *conn)
{
	event->tx_bytes = conn->reported ? conn->swept_sequence - conn->base_tx : 0;
	event->rx_bytes = conn->reported ? conn->swept_received - conn->base_rx : 0;
	event->retransmits = conn->reported ? conn->swept_retransmits - conn->base_retransmits : 0;
}

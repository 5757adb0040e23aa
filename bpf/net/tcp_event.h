/* SPDX-License-Identifier: GPL-2.0 */
/* The record of one TCP connection, filled when it ends and at a sweep. */
#pragma once

#include "http_state.h"
#include "tcp.h"

static __always_inline void fill_event(struct flow_event *event, struct tcp_conn *conn, struct sock *sk, int state)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;

	__builtin_memset(event, 0, sizeof(*event));
	event->id = conn->id;
	event->tx_bytes = bytes_sent(tp, state) - conn->base_tx;
	event->rx_bytes = bytes_received(sk, tp) - conn->base_rx;
	event->retransmits = BPF_CORE_READ(tp, total_retrans) - conn->base_retransmits;
	event->rtt_us = BPF_CORE_READ(tp, srtt_us) >> 3;
	event->rtt_var_us = event->rtt_us ? BPF_CORE_READ(tp, mdev_us) >> 2 : 0;
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

static __always_inline __u8 closed_flags(const struct tcp_conn *conn)
{
	return FLOW_CLOSED | (conn->http_asked != conn->http_told ? FLOW_UNANSWERED : 0);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Multipath TCP (RFC 8684): the program's socket stands above TCP sockets, its subflows. What is told of it are the subflows: each has
 * ends, sequence numbers and packets of its own, as any TCP connection, and together they carry what the program sends and receives. Only
 * their owner is found by the socket above.
 */
#pragma once

#include "flow.h"

#define IPPROTO_MPTCP 262
#define MAX_SUBFLOWS 16 /* the kernel makes up to eight beside the first */

struct list_head {
	struct list_head *next;
} __attribute__((preserve_access_index));

struct mptcp_sock {
	struct sock *first; /* the first subflow; of a listener the TCP socket that listens */
	struct list_head conn_list;
} __attribute__((preserve_access_index));

struct mptcp_subflow_context {
	struct list_head node;
	struct sock *conn; /* the socket above */
	struct sock *tcp_sock;
} __attribute__((preserve_access_index));

struct inet_connection_sock {
	void *icsk_ulp_data;
} __attribute__((preserve_access_index));

struct tcp_sock___mptcp {
	__u8 is_mptcp;
} __attribute__((preserve_access_index));

static __always_inline struct sock *first_subflow(struct sock *above)
{
	struct mptcp_sock *msk = (struct mptcp_sock *)above;

	return bpf_core_type_exists(struct mptcp_sock) ? BPF_CORE_READ(msk, first) : 0;
}

/* The first subflow of the socket that this subflow is of; null for the first itself, and for what is no subflow. */
static __always_inline struct sock *elder_subflow(struct sock *sk)
{
	struct tcp_sock___mptcp *tp = (struct tcp_sock___mptcp *)sk;
	struct inet_connection_sock *icsk = (struct inet_connection_sock *)sk;
	struct mptcp_subflow_context *subflow;
	struct sock *above, *first;

	if (!bpf_core_field_exists(tp->is_mptcp) || !BPF_CORE_READ(tp, is_mptcp))
		return 0;
	subflow = BPF_CORE_READ(icsk, icsk_ulp_data);
	above = subflow ? BPF_CORE_READ(subflow, conn) : 0;
	first = above ? first_subflow(above) : 0;
	return first == sk ? 0 : first;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Tying a session to its socket. */
#pragma once

#include "session.h"

static __always_inline struct tcp_conn *conn_of(__u64 sk)
{
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &sk);

	return conn && conn->established ? conn : 0;
}

/* Sources are ranked: a better one replaces a worse one. */
static __always_inline int join_session(struct tls_session *session, __u64 sk, __u8 source)
{
	struct tcp_conn *conn = conn_of(sk);

	if (!conn)
		return 0;
	if (session->conn) {
		if (session->joined_by >= source)
			return 0;
		if (session->conn != conn->id) {
			count_in(&tls_counts, TLS_JOIN_CHANGED);
			session->join_out = 0;
		}
	} else {
		count_in(&tls_counts, source == JOIN_NESTED       ? TLS_JOINED_NESTED
		                      : source == JOIN_DESCRIPTOR ? TLS_JOINED_DESCRIPTOR
		                                                  : TLS_JOINED_FINGERPRINT);
	}
	session->sk = sk;
	session->conn = conn->id;
	session->joined_by = source;
	if (session->is_http && !session->join_out)
		emit_join(session, conn, &flow_events, &flow_losses);
	return 1;
}

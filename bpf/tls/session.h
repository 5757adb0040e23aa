/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the tls object share: calls under way, sessions, and how a session gets its socket. */
#pragma once

#include "../net/http_out.h"
#include "../net/http_plain.h"
#include "../net/tcp.h"
#include "tls_wire.h"

#define MAX_CALLS 16384
#define DEFAULT_SESSIONS 16384 /* user space resizes before loading */

/* Who is inside a call: a thread {pid_tgid, 0}, or a goroutine {its g, tgid}, which changes threads while it waits. */
struct tls_caller {
	__u64 thread;
	__u64 group;
};

struct tls_call {
	__u64 ssl;
	__u64 base;     /* plaintext in the caller's memory */
	__u64 from;     /* what of it is not taken yet */
	__u64 count_at; /* where an _ex call puts the number of bytes */
	__u64 begun_ns;
	__u64 sp; /* of the thread where it begins */
	__u32 left;
	__u8 written;
	__u8 is_inside; /* it has begun and is not over; entries of threads that are in none are kept for their next one */
	__u8 is_joined; /* its session's socket is known for sure */
	__u8 pad;
};

struct tls_key {
	__u64 ssl;
	__u64 tgid;
};

struct tls_session {
	__u64 id;   /* from the same source as the ids of connections */
	__u64 conn; /* of the socket; 0: not known yet */
	__u64 sk;
	struct http_sock http;
	__u32 tgid;
	__u8 joined_by; /* enum tls_join_source */
	__u8 has_role;  /* http.requests is known */
	__u8 is_http;   /* a head was seen */
	__u8 join_out;  /* user space knows whose this is */
	__u8 tries;
	__u8 pad[3];
	__u64 line_base; /* the call that moves requests: where its plaintext begins; http_stream.line_from counts from there */
	char comm[16];
};

/* LRU: threads end without a word. */
struct tls_calls_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, struct tls_caller);
	__type(value, struct tls_call);
};

/* LRU: the objects of a process that was killed are never freed. No type: http_sock has a lock, which is not used here, and such
 * tables may have none. */
struct tls_sessions_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, DEFAULT_SESSIONS);
	__uint(key_size, sizeof(struct tls_key));
	__uint(value_size, sizeof(struct tls_session));
};

struct tls_counts_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TLS_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
};

extern struct tcp_conns_map tcp_conns SEC(".maps");
extern struct flow_events_map flow_events SEC(".maps");
extern struct flow_losses_map flow_losses SEC(".maps");
extern struct tls_calls_map tls_calls SEC(".maps");
extern struct tls_sessions_map tls_sessions SEC(".maps");
extern struct tls_counts_map tls_counts SEC(".maps");

static __always_inline void count_in(void *counts, __u32 what)
{
	__u64 *count = bpf_map_lookup_elem(counts, &what);

	/* Atomic, since a thread may be put aside for another one on its CPU. */
	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline __u64 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

static __always_inline struct tls_session *session_of(__u64 ssl)
{
	struct tls_key key = {.ssl = ssl, .tgid = current_tgid()};

	return bpf_map_lookup_elem(&tls_sessions, &key);
}

static __always_inline struct tcp_conn *joined_conn(const struct tls_session *session)
{
	struct tcp_conn *conn = session->conn ? bpf_map_lookup_elem(&tcp_conns, &session->sk) : 0;

	return conn && conn->id == session->conn ? conn : 0;
}

/* A request that waits is counted with its connection: whose end tells of one that was never answered. */
static __always_inline void count_told(const struct tls_session *session)
{
	struct tcp_conn *conn = joined_conn(session);

	if (conn)
		conn->http_told++;
}

/* Tells user space whose session this is, as soon as it is known and worth knowing. A second record does no harm. */
static __always_inline void emit_join(struct tls_session *session, struct tcp_conn *conn, void *ring, void *losses)
{
	struct tls_join *join;

	join = bpf_ringbuf_reserve(ring, sizeof(*join), 0);
	if (!join) {
		count_loss_in(losses, LOSS_HTTP_RING_FULL, 0);
		return;
	}
	session->join_out = 1;
	__builtin_memset(join, 0, sizeof(*join));
	join->session = session->id;
	join->conn = conn->id;
	__builtin_memcpy(join->saddr, conn->saddr, 16);
	__builtin_memcpy(join->daddr, conn->daddr, 16);
	join->netns = conn->netns;
	join->sport = conn->sport;
	join->dport = conn->dport;
	join->direction = conn->direction;
	join->source = session->joined_by;
	/* The same process as the connection's netflow, if that is sure of it; whoever speaks TLS on it otherwise. */
	if (conn->owner.rank >= OWNER_HOLDER) {
		join->tgid = conn->owner.tgid;
		__builtin_memcpy(join->comm, conn->owner.comm, sizeof(join->comm));
	} else {
		join->tgid = session->tgid;
		__builtin_memcpy(join->comm, session->comm, sizeof(join->comm));
	}
	bpf_ringbuf_submit(join, ring_wake_flag(ring));
}

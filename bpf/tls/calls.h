/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls of TLS libraries: entry, result, end of the object. What a call moved is known when it is over, for both ways: a
 * write that would block is repeated with the same bytes.
 */
#pragma once

#include <asm/ptrace.h>

#include "fingerprint.h"
#include "take.h"

/* tls_take; user space puts it in. */
struct tls_programs_map {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
};

extern struct tls_programs_map tls_programs SEC(".maps");

#define MAX_NESTED_NS 10000000000ULL
#define MAX_MOVED 0x7fffffff /* bytes of one call: libraries count them in an int */

static const struct tls_session no_session;

static __always_inline struct tls_caller thread_caller(void)
{
	struct tls_caller caller = {.thread = bpf_get_current_pid_tgid()};

	return caller;
}

static __always_inline void begin_session(struct tls_session *session)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	session->id = new_flow_id();
	session->http.conn = session->id;
	session->http.is_tls = 1;
	session->tgid = current_tgid();
	bpf_probe_read_kernel(&session->comm, sizeof(session->comm), &leader->comm);
	count_in(&tls_counts, TLS_SESSIONS);
}

/* Two threads may meet here with one object. What is there is never replaced: its memory would be another session's at once, while
 * one of the two still writes to it. */
static __always_inline struct tls_session *new_session(__u64 ssl)
{
	struct tls_key key = {.ssl = ssl, .tgid = current_tgid()};
	int is_mine = !bpf_map_update_elem(&tls_sessions, &key, &no_session, BPF_NOEXIST);
	struct tls_session *session = bpf_map_lookup_elem(&tls_sessions, &key);

	if (session && is_mine)
		begin_session(session);
	return session;
}

static __always_inline void renew_session(struct tls_session *session)
{
	bpf_probe_read_kernel(session, sizeof(*session), &no_session);
	begin_session(session);
}

/* What moves is the rest of a message that is read, or the answer to a request that was seen: another object would begin with a
 * request. */
static __always_inline int is_expected(struct http_sock *sock, __u32 written)
{
	struct http_stream *stream = stream_of(sock, written);

	if (sock->off)
		return 0;
	return (!written && stream->state > HTTP_START) ||
	       (sock->requests != written && stream_of(sock, !written)->message > stream->message);
}

/* Its connection is closed and yet something new begins: the object at this address is another one, whose end was not seen. */
static __always_inline int is_stale(struct tls_session *session, __u32 written)
{
	struct tcp_conn *conn;

	if (!session->conn || is_expected(&session->http, written))
		return 0;
	conn = conn_of(session->sk);
	return !conn || conn->id != session->conn;
}

/* TLS inside TLS: the outer session's records leave in a call of the inner one's, and the inner one is on the outer one's socket.
 * A call that never came back must not be in the way for ever. True when the call is such a one, and is to be passed over. */
static __always_inline int join_if_nested(const struct tls_call *kept, const struct tls_call *call,
                                          const struct tls_session *session)
{
	struct tls_session *inner;

	if (!kept->is_inside || kept->ssl == call->ssl || call->sp >= kept->sp ||
	    call->begun_ns - kept->begun_ns >= MAX_NESTED_NS)
		return 0;
	count_in(&tls_counts, TLS_CALLS_NESTED);
	inner = session_of(kept->ssl);
	if (inner && session->conn)
		join_session(inner, session->sk, JOIN_FINGERPRINT);
	return 1;
}

static __always_inline int put_call(struct tls_caller *caller, const struct tls_call *call, const struct tls_session *session)
{
	struct tls_call *kept = bpf_map_lookup_elem(&tls_calls, caller);

	if (!kept)
		return bpf_map_update_elem(&tls_calls, caller, call, BPF_ANY);
	if (!join_if_nested(kept, call, session))
		*kept = *call;
	return 0;
}

/* False when there is no room for the call: what it moves, or what is left of it, is not seen. */
static __always_inline int note_call(struct tls_caller *caller, const struct tls_call *call, struct tls_session *session)
{
	if (!put_call(caller, call, session))
		return 1;
	count_in(&tls_counts, TLS_CALLS_FULL);
	stream_of(&session->http, call->written)->state = HTTP_LOST;
	return 0;
}

/* The session that a call belongs to, which begins with its first one. */
static __always_inline struct tls_session *session_for(const struct tls_call *call)
{
	struct tls_session *session = session_of(call->ssl);

	if (!session)
		return new_session(call->ssl);
	if (is_stale(session, call->written))
		renew_session(session);
	return session;
}

/* TLS inside TLS by way of memory: what an inner object has made is written to the outer one, and whose socket carries that is known
 * now. Where it leaves the outer session it may be on somebody else's socket (a proxy of this host). */
static __always_inline void carry_inner(const struct tls_call *call, const struct tls_session *outer)
{
	struct tls_watch *watch = outer->conn ? open_watch() : 0;
	struct tls_fingerprint fingerprint = {};
	struct tls_session *inner;
	struct tls_key key;

	if (!watch || bpf_probe_read_user(fingerprint.bytes, FINGERPRINT_BYTES, (void *)call->from) ||
	    !is_record(fingerprint.bytes) || !take_fingerprint(&fingerprint, watch, &key))
		return;
	inner = bpf_map_lookup_elem(&tls_sessions, &key);
	if (inner && inner != outer)
		join_session(inner, outer->sk, JOIN_FINGERPRINT);
}

static __always_inline struct tls_session *enter(struct tls_caller *caller, struct tls_call *call)
{
	struct tls_session *session = session_for(call);

	if (!session)
		return 0;
	call->base = call->from;
	call->begun_ns = bpf_ktime_get_ns();
	call->is_joined = session->joined_by == JOIN_FINGERPRINT;
	if (session->http.off) {
		call->is_inside = 0;
		if (call->written)
			carry_inner(call, session);
	}
	note_call(caller, call, session);
	return session;
}

/* The session of a call that is seen only when it is over, for the bytes that it moved; null when there is nothing to take. */
static __always_inline struct tls_session *session_of_done(struct tls_call *call, __u64 count)
{
	struct tls_session *session;

	if (!count || count > MAX_MOVED)
		return 0;
	call->base = call->from;
	call->left = count;
	call->begun_ns = bpf_ktime_get_ns();
	session = session_for(call);
	return session && !session->http.off ? session : 0;
}

/* Takes a call that is not noted; only what is left after the first run is. */
static __always_inline int take_at_once(struct pt_regs *ctx, struct tls_caller *caller, struct tls_call *call,
                                        struct tls_session *session)
{
	if (take_first(session, call) && note_call(caller, call, session))
		bpf_tail_call(ctx, &tls_programs, 0);
	return 0;
}

static __always_inline int enter_thread(struct pt_regs *ctx, __u32 written, __u64 count_at)
{
	struct tls_caller caller = thread_caller();
	struct tls_call call = {.ssl = PT_REGS_PARM1(ctx),
	                        .from = PT_REGS_PARM2(ctx),
	                        .count_at = count_at,
	                        .sp = PT_REGS_SP(ctx),
	                        .written = written,
	                        .is_inside = 1};

	enter(&caller, &call);
	return 0;
}

/* A call is over; count is what it moved, 0 or less when it failed. */
static __always_inline int leave(struct pt_regs *ctx, struct tls_caller *caller, __s64 count)
{
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, caller);
	struct tls_session *session;

	if (!call || !call->is_inside || PT_REGS_SP(ctx) < call->sp)
		return 0;
	call->is_inside = 0;
	if (count <= 0 || count > MAX_MOVED)
		return 0;
	session = session_of(call->ssl);
	if (!session || session->http.off)
		return 0;
	call->left = count;
	if (take_first(session, call))
		bpf_tail_call(ctx, &tls_programs, 0);
	return 0;
}

static __always_inline int leave_thread(struct pt_regs *ctx, __s64 count)
{
	struct tls_caller caller = thread_caller();

	return leave(ctx, &caller, count);
}

/* The count is where the caller of an _ex function wants it. */
static __always_inline int leave_ex(struct pt_regs *ctx)
{
	struct tls_caller caller = thread_caller();
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, &caller);
	__s64 count = 0;

	if (call && call->is_inside && (int)PT_REGS_RC(ctx) == 1)
		bpf_probe_read_user(&count, sizeof(count), (void *)call->count_at);
	return leave(ctx, &caller, count);
}

/* Behind the inner call, which says in eax whether it worked, and on the stack how much. */
static __always_inline int leave_inner(struct pt_regs *ctx, __u64 offset)
{
	__s64 count = 0;

	if ((int)PT_REGS_RC(ctx) > 0)
		bpf_probe_read_user(&count, sizeof(count), (void *)(PT_REGS_SP(ctx) + offset));
	return leave_thread(ctx, count);
}

static __always_inline int free_session(struct pt_regs *ctx)
{
	struct tls_key key = {.ssl = PT_REGS_PARM1(ctx), .tgid = current_tgid()};
	struct tls_session *session = bpf_map_lookup_elem(&tls_sessions, &key);
	struct tcp_conn *conn;
	struct tls_end *end;

	if (!session)
		return 0;
	count_in(&tls_counts, TLS_SESSIONS_FREED);
	/* Where the connection was closed before, its end has told of the request that waited. */
	conn = session->http.asked.length ? joined_conn(session) : 0;
	if (conn) {
		emit_unanswered(&session->http);
		conn->http_told++;
	}
	if (session->is_http) {
		end = bpf_ringbuf_reserve(&flow_events, sizeof(*end), 0);
		if (end) {
			end->session = session->id;
			end->written = session->http.streams[1].pos;
			end->read = session->http.streams[0].pos;
			bpf_ringbuf_submit(end, ring_wake_flag(&flow_events));
		} else {
			count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, 0);
		}
	}
	bpf_map_delete_elem(&tls_sessions, &key);
	return 0;
}

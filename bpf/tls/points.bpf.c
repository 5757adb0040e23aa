// SPDX-License-Identifier: GPL-2.0
/*
 * What stands at the places of a library. One program for all of them where a program can be told which place it is at (links
 * to many places, Linux 6.6); elsewhere one for each kind. Calls that move more than one message go on in tls_take.
 */
#include "../common/preempt.h"
#include "fingerprint.h"
#include "done.h"
#include "go.h"

struct http_windows_map tls_windows SEC(".maps");
struct tcp_conns_map tcp_conns SEC(".maps");
struct flow_events_map flow_events SEC(".maps");
struct flow_losses_map flow_losses SEC(".maps");
struct tls_calls_map tls_calls SEC(".maps");
struct tls_sessions_map tls_sessions SEC(".maps");
struct tls_counts_map tls_counts SEC(".maps");
struct tls_programs_map tls_programs SEC(".maps");
struct tls_fingerprints_map tls_fingerprints SEC(".maps");
struct tls_watches_map tls_watches SEC(".maps");

/* A session's requests are always counted in tcp_conns, whatever the hook at a connection's end may look into. */
const volatile __u8 storage_seen_at_end SEC(".rodata.choices") = 1;

/* Puts the wire types into the object's BTF, where the layout test reads them. */
const struct tls_join *wire_tls_join;
const struct tls_end *wire_tls_end;
const enum tls_count *wire_tls_count;
const enum tls_point *wire_tls_point;

SEC("uprobe")
int tls_at_point(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);

	switch (cookie & TLS_POINT_MASK) {
	case TLS_ENTER_READ:
		return enter_thread(ctx, 0, 0);
	case TLS_ENTER_WRITE:
		return enter_thread(ctx, 1, 0);
	case TLS_ENTER_READ_EX:
		return enter_thread(ctx, 0, PT_REGS_PARM4(ctx));
	case TLS_ENTER_WRITE_EX:
		return enter_thread(ctx, 1, PT_REGS_PARM4(ctx));
	case TLS_LEAVE:
		return leave_thread(ctx, (int)PT_REGS_RC(ctx));
	case TLS_LEAVE_EX:
		return leave_ex(ctx);
	case TLS_LEAVE_INNER:
		return leave_inner(ctx, cookie >> TLS_POINT_BITS);
	case TLS_FREE:
		return free_session(ctx);
	case TLS_BIO:
		return note_record(ctx);
	case TLS_GO_READ:
		return enter_go_read(ctx);
	case TLS_GO_WRITE:
		return go_write(ctx);
	case TLS_GO_LEAVE:
		return leave_go_read(ctx);
	case TLS_READ_DONE:
		return read_done(ctx, cookie >> TLS_POINT_BITS);
	case TLS_GO_DONE:
		return go_read_done(ctx);
	}
	return 0;
}

#define POINT(name, call)                                                                                                        \
	SEC("uprobe")                                                                                                            \
	int name(struct pt_regs *ctx)                                                                                            \
	{                                                                                                                        \
		return call;                                                                                                     \
	}

/* Those that call no other program: the kernel may give them a stack of the CPU. The others never get one, and may not hold their CPU
 * where they go on. */
#define HELD_POINT(name, call)                                                                                                   \
	SEC("uprobe")                                                                                                            \
	int name(struct pt_regs *ctx)                                                                                            \
	{                                                                                                                        \
		hold_cpu();                                                                                                      \
		call;                                                                                                            \
		release_cpu();                                                                                                   \
		return 0;                                                                                                        \
	}

HELD_POINT(tls_enter_read, enter_thread(ctx, 0, 0))
HELD_POINT(tls_enter_write, enter_thread(ctx, 1, 0))
HELD_POINT(tls_enter_rd_ex, enter_thread(ctx, 0, PT_REGS_PARM4(ctx)))
HELD_POINT(tls_enter_wr_ex, enter_thread(ctx, 1, PT_REGS_PARM4(ctx)))
HELD_POINT(tls_free, free_session(ctx))
HELD_POINT(tls_on_bio, note_record(ctx))
HELD_POINT(tls_go_read, enter_go_read(ctx))
POINT(tls_leave, leave_thread(ctx, (int)PT_REGS_RC(ctx)))
POINT(tls_leave_ex, leave_ex(ctx))
POINT(tls_leave_0, leave_inner(ctx, 0))
POINT(tls_leave_8, leave_inner(ctx, 8))
POINT(tls_leave_16, leave_inner(ctx, 16))
POINT(tls_leave_24, leave_inner(ctx, 24))
POINT(tls_go_write, go_write(ctx))
POINT(tls_go_leave, leave_go_read(ctx))
POINT(tls_go_done, go_read_done(ctx))

/* The rest of the call that has just ended: of this thread or, in a Go program, of this goroutine. */
SEC("uprobe")
int tls_take(struct pt_regs *ctx)
{
	struct tls_caller caller = thread_caller();
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, &caller);
	struct tls_session *session;

	if (!call || !call->left) {
		caller = go_caller(ctx);
		call = bpf_map_lookup_elem(&tls_calls, &caller);
	}
	if (!call)
		return 0;
	session = session_of(call->ssl);
	if (session && !session->http.off) {
		if (take_rest(session, call))
			bpf_tail_call(ctx, &tls_programs, 0); /* comes back when it has been done too often */
		end_call(session, call);
	}
	call->left = 0;
	call->is_inside = 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

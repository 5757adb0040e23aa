// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of TLS libraries: entry, result, end of the object. What a call moved is known when it is over, for both ways: a
 * write that would block is repeated with the same bytes. The small programs at the probes hand over to tls_take.
 */
#include <asm/ptrace.h>

#include "find.h"
#include "join.h"

#define MAX_STEPS 64 /* pieces and bodies in one run; then the program calls itself, 32 times at most */

struct tcp_conns_map tcp_conns SEC(".maps");
struct flow_events_map flow_events SEC(".maps");
struct flow_losses_map flow_losses SEC(".maps");
struct tls_calls_map tls_calls SEC(".maps");
struct tls_sessions_map tls_sessions SEC(".maps");
struct tls_counts_map tls_counts SEC(".maps");

/* tls_take; user space puts it in. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} tls_programs SEC(".maps");

/* Puts the wire types into the object's BTF, where the layout test reads them. */
const struct tls_join *wire_tls_join;
const struct tls_end *wire_tls_end;
const enum tls_count *wire_tls_count;

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
	session->tgid = current_tgid();
	bpf_probe_read_kernel(&session->comm, sizeof(session->comm), &leader->comm);
	count_in(&tls_counts, TLS_SESSIONS);
}

static __always_inline struct tls_session *new_session(__u64 ssl)
{
	struct tls_key key = {.ssl = ssl, .tgid = current_tgid()};
	struct tls_session *session;

	bpf_map_update_elem(&tls_sessions, &key, &no_session, BPF_ANY);
	session = bpf_map_lookup_elem(&tls_sessions, &key);
	if (session)
		begin_session(session);
	return session;
}

/* Its connection is closed and yet something new begins: the object at this address is another one, whose end was not seen. */
static __always_inline int is_stale(struct tls_session *session, __u32 written)
{
	struct tcp_conn *conn;

	if (!session->conn || (!written && !session->http.off && session->http.streams[0].state > HTTP_START))
		return 0;
	conn = conn_of(session->sk);
	return !conn || conn->id != session->conn;
}

static __always_inline struct tls_session *enter(struct tls_caller *caller, struct tls_call *call)
{
	struct tls_session *session = session_of(call->ssl);

	if (session && is_stale(session, call->written))
		session = 0;
	if (!session)
		session = new_session(call->ssl);
	if (!session || session->http.off)
		return session;
	call->begun_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&tls_calls, caller, call, BPF_ANY)) {
		count_in(&tls_counts, TLS_CALLS_FULL);
		stream_in(&session->http, call->written)->state = HTTP_LOST;
	}
	return session;
}

static __always_inline int enter_thread(struct pt_regs *ctx, __u32 written, __u64 count_at)
{
	struct tls_caller caller = thread_caller();
	struct tls_call call = {.ssl = PT_REGS_PARM1(ctx), .from = PT_REGS_PARM2(ctx), .count_at = count_at, .written = written};

	enter(&caller, &call);
	return 0;
}

SEC("uprobe")
int tls_enter_read(struct pt_regs *ctx)
{
	return enter_thread(ctx, 0, 0);
}

SEC("uprobe")
int tls_enter_write(struct pt_regs *ctx)
{
	return enter_thread(ctx, 1, 0);
}

SEC("uprobe")
int tls_enter_rd_ex(struct pt_regs *ctx)
{
	return enter_thread(ctx, 0, PT_REGS_PARM4(ctx));
}

SEC("uprobe")
int tls_enter_wr_ex(struct pt_regs *ctx)
{
	return enter_thread(ctx, 1, PT_REGS_PARM4(ctx));
}

/* A call is over; count is what it moved, 0 or less when it failed. */
static __always_inline int leave(struct pt_regs *ctx, struct tls_caller *caller, __s64 count)
{
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, caller);

	if (!call)
		return 0;
	if (count > 0 && count <= 0x7fffffff) {
		call->left = count;
		bpf_tail_call(ctx, &tls_programs, 0);
	}
	bpf_map_delete_elem(&tls_calls, caller);
	return 0;
}

SEC("uretprobe")
int tls_leave(struct pt_regs *ctx)
{
	struct tls_caller caller = thread_caller();

	return leave(ctx, &caller, (int)PT_REGS_RC(ctx));
}

SEC("uretprobe")
int tls_leave_ex(struct pt_regs *ctx)
{
	struct tls_caller caller = thread_caller();
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, &caller);
	__s64 count = 0;

	if (call && (int)PT_REGS_RC(ctx) == 1)
		bpf_probe_read_user(&count, sizeof(count), (void *)call->count_at);
	return leave(ctx, &caller, count);
}

static __always_inline int leave_inner(struct pt_regs *ctx, __u32 offset)
{
	struct tls_caller caller = thread_caller();
	__s64 count = 0;

	if ((int)PT_REGS_RC(ctx) > 0)
		bpf_probe_read_user(&count, sizeof(count), (void *)(PT_REGS_SP(ctx) + offset));
	return leave(ctx, &caller, count);
}

/* One for each place on the stack: a program cannot be told where it is attached before Linux 5.15. */
SEC("uprobe")
int tls_leave_0(struct pt_regs *ctx)
{
	return leave_inner(ctx, 0);
}

SEC("uprobe")
int tls_leave_8(struct pt_regs *ctx)
{
	return leave_inner(ctx, 8);
}

SEC("uprobe")
int tls_leave_16(struct pt_regs *ctx)
{
	return leave_inner(ctx, 16);
}

SEC("uprobe")
int tls_leave_24(struct pt_regs *ctx)
{
	return leave_inner(ctx, 24);
}

SEC("uprobe")
int tls_free(struct pt_regs *ctx)
{
	struct tls_key key = {.ssl = PT_REGS_PARM1(ctx), .tgid = current_tgid()};
	struct tls_session *session = bpf_map_lookup_elem(&tls_sessions, &key);
	struct tls_end *end;

	if (!session)
		return 0;
	count_in(&tls_counts, TLS_SESSIONS_FREED);
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

/* Go passes arguments in registers of its own, and a goroutine may return on another thread than it entered on. */
static __always_inline struct tls_caller go_caller(struct pt_regs *ctx)
{
	struct tls_caller caller = {.thread = ctx->r14, .group = current_tgid()};

	return caller;
}

/* crypto/tls.Conn.conn is a net.Conn whose value is a *net.TCPConn; its netFD's poll.FD holds the descriptor. */
static __always_inline __u64 go_socket(__u64 tls_conn)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 tcp_conn = 0, net_fd = 0;
	struct file **files, *file = 0;
	struct socket *socket;
	struct fdtable *table;
	__u32 fd = 0;

	if (bpf_probe_read_user(&tcp_conn, sizeof(tcp_conn), (void *)(tls_conn + 8)) ||
	    bpf_probe_read_user(&net_fd, sizeof(net_fd), (void *)tcp_conn) ||
	    bpf_probe_read_user(&fd, sizeof(fd), (void *)(net_fd + 16)))
		return 0;
	table = BPF_CORE_READ(task, files, fdt);
	if (fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	files = BPF_CORE_READ(table, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), files + fd) || !file)
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	return (__u64)BPF_CORE_READ(socket, sk);
}

static __always_inline int enter_go(struct pt_regs *ctx, __u32 written)
{
	struct tls_caller caller = go_caller(ctx);
	struct tls_call call = {.ssl = ctx->rax, .from = ctx->rbx, .written = written};
	struct tls_session *session = enter(&caller, &call);

	if (session && !session->conn && !session->http.off)
		join_session(session, go_socket(call.ssl), JOIN_DESCRIPTOR);
	return 0;
}

SEC("uprobe")
int tls_go_read(struct pt_regs *ctx)
{
	return enter_go(ctx, 0);
}

SEC("uprobe")
int tls_go_write(struct pt_regs *ctx)
{
	return enter_go(ctx, 1);
}

SEC("uprobe")
int tls_go_leave(struct pt_regs *ctx)
{
	struct tls_caller caller = go_caller(ctx);

	return leave(ctx, &caller, ctx->rax);
}

static __always_inline void tell_join(struct tls_session *session)
{
	struct tcp_conn *conn;

	if (!session->is_http || !session->conn || session->join_out)
		return;
	conn = conn_of(session->sk);
	if (conn && conn->id == session->conn)
		emit_join(session, conn, &flow_events, &flow_losses);
}

/* Everything that the call's bytes said is taken: what is known of a response whose body goes on is handed out. */
static __always_inline void end_call(struct tls_session *session, __u64 ssl, struct http_stream *stream, __u32 left,
                                     __u32 written)
{
	if (left && !session->http.off && stream->state != HTTP_LOST) {
		/* More small chunks than one call is looked through for. */
		count_loss_in(&flow_losses, LOSS_HTTP_LOST_TRACK, left);
		stream->state = HTTP_LOST;
	}
	stream->pos += left;
	if (session->http.requests != written && stream->flags & MESSAGE_HEAD_OVER && !(stream->flags & MESSAGE_HEAD_OUT)) {
		tls_emit_head(ssl, 0);
		stream->flags |= MESSAGE_HEAD_OUT;
	}
	tell_join(session);
}

/* The call that has just ended: of this thread or, in a Go program, of this goroutine. */
SEC("uprobe")
int tls_take(struct pt_regs *ctx)
{
	struct tls_caller caller = thread_caller();
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, &caller);
	struct tls_session *session;
	struct http_stream *stream;
	__u32 left, taken, written;
	__u64 ssl, from, begun_ns;
	int i;

	if (!call || !call->left) {
		caller = go_caller(ctx);
		call = bpf_map_lookup_elem(&tls_calls, &caller);
	}
	if (!call)
		return 0;
	ssl = call->ssl;
	from = call->from;
	left = call->left;
	written = call->written != 0;
	begun_ns = written ? call->begun_ns : bpf_ktime_get_ns();
	session = session_of(ssl);
	if (!session || session->http.off)
		goto over;
	stream = stream_in(&session->http, written);
	if (stream->state == HTTP_LOST)
		find_head(session, stream, from, left, written);
	for (i = 0; i < MAX_STEPS && left; i++) {
		taken = tls_take_step(ssl, from, left, written, begun_ns);
		if (!taken || taken > left)
			break;
		from += taken;
		left -= taken;
	}
	if (left && i == MAX_STEPS) {
		call->from = from;
		call->left = left;
		bpf_tail_call(ctx, &tls_programs, 0);
	}
	end_call(session, ssl, stream, left, written);
over:
	bpf_map_delete_elem(&tls_calls, &caller);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

/* SPDX-License-Identifier: GPL-2.0 */
/* crypto/tls of Go: arguments in registers of its own, and a goroutine may return on another thread than it entered on. */
#pragma once

#include "calls.h"

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

static __always_inline void join_go(struct tls_session *session, __u64 tls_conn)
{
	if (!session->http.off && !session->conn)
		join_session(session, go_socket(tls_conn), JOIN_DESCRIPTOR);
}

static __always_inline int enter_go_read(struct pt_regs *ctx)
{
	struct tls_caller caller = go_caller(ctx);
	struct tls_call call = {.ssl = ctx->rax, .from = ctx->rbx, .is_inside = 1};
	struct tls_session *session = enter(&caller, &call);

	if (session)
		join_go(session, call.ssl);
	return 0;
}

static __always_inline int leave_go_read(struct pt_regs *ctx)
{
	struct tls_caller caller = go_caller(ctx);

	return leave(ctx, &caller, ctx->rax);
}

static __always_inline int take_go(struct pt_regs *ctx, struct tls_call *call, __u64 count)
{
	struct tls_session *session = session_of_done(call, count);
	struct tls_caller caller = go_caller(ctx);

	if (!session)
		return 0;
	join_go(session, call->ssl);
	return take_at_once(ctx, &caller, call, session);
}

/* At a RET: the caller's room for the arguments is above the return address, and they are still there. */
static __always_inline int go_read_done(struct pt_regs *ctx)
{
	struct tls_call call = {};
	__u64 arguments[2];

	if (bpf_probe_read_user(arguments, sizeof(arguments), (void *)(ctx->rsp + 8)))
		return 0;
	call.ssl = arguments[0];
	call.from = arguments[1];
	return take_go(ctx, &call, ctx->rax);
}

/* What is written is taken on the way in, and its end is not waited for: another goroutine may have read the answer before this one
 * returns. A write of Go's is never repeated; one that fails ends the connection. */
static __always_inline int go_write(struct pt_regs *ctx)
{
	struct tls_call call = {.ssl = ctx->rax, .from = ctx->rbx, .written = 1};

	return take_go(ctx, &call, ctx->rcx);
}

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

/* What is written is taken at once, and its end is not waited for: another goroutine may have read the answer before this one
 * returns. A write of Go's is never repeated; one that fails ends the connection. */
static __always_inline int enter_go(struct pt_regs *ctx, __u32 written)
{
	struct tls_caller caller = go_caller(ctx);
	struct tls_call call = {.ssl = ctx->rax, .from = ctx->rbx, .written = written, .is_inside = !written};
	struct tls_session *session;

	session = enter(&caller, &call);
	if (!session || session->http.off)
		return 0;
	if (!session->conn)
		join_session(session, go_socket(call.ssl), JOIN_DESCRIPTOR);
	if (!written || !ctx->rcx || ctx->rcx > 0x7fffffff)
		return 0;
	call.left = ctx->rcx;
	if (take_first(session, &call) && !put_call(&caller, &call, session))
		bpf_tail_call(ctx, &tls_programs, 0);
	return 0;
}

static __always_inline int leave_go(struct pt_regs *ctx)
{
	struct tls_caller caller = go_caller(ctx);

	return leave(ctx, &caller, ctx->rax);
}

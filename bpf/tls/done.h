/* SPDX-License-Identifier: GPL-2.0 */
/* A read that is over, seen where all reads of a library end: nothing has to be noted when it begins. */
#pragma once

#include "calls.h"

/* The registers that calls keep, in the order of their numbers in the cookie; two more so that any three bits are inside. */
struct kept_registers {
	__u64 value[8];
};

static __always_inline int read_done(struct pt_regs *ctx, __u32 registers)
{
	struct tls_caller caller = thread_caller();
	struct kept_registers kept = {{ctx->rbx, ctx->rbp, ctx->r12, ctx->r13, ctx->r14, ctx->r15}};
	struct tls_call call = {}, *around;
	struct tls_session *session;
	__u64 count = 0;

	if ((int)PT_REGS_RC(ctx) <= 0 || (__u32)kept.value[registers >> 12 & 7])
		return 0;
	if (bpf_probe_read_user(&count, sizeof(count), (void *)kept.value[registers >> 8 & 7]))
		return 0;
	call.ssl = kept.value[registers & 7];
	call.from = kept.value[registers >> 4 & 7];
	session = session_of_done(&call, count);
	if (!session)
		return 0;
	around = bpf_map_lookup_elem(&tls_calls, &caller);
	if (around && join_if_nested(around, &call, session))
		return 0;
	return take_at_once(ctx, &caller, &call, session);
}

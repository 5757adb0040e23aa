/* SPDX-License-Identifier: GPL-2.0 */
/* Windows to walk a head in. */
#pragma once

#include "session.h"

extern struct http_windows_map tls_windows SEC(".maps");

/* Finds the end of the head in a window, and how the message is framed; -1 when that is not plain. */
__attribute__((noinline)) int tls_walk_head(__u32 slot, __u32 have)
{
	struct http_window *window = window_in(&tls_windows, slot);

	return window ? walk_head(window, have) : -1;
}

__attribute__((noinline)) int tls_read_length(__u32 slot)
{
	struct http_window *window = window_in(&tls_windows, slot);

	if (!window)
		return -1;
	return window->found.length_at ? read_length(window) : 0;
}

static __always_inline int find_end(__u32 slot, __u32 have)
{
	return tls_walk_head(slot, have) || tls_read_length(slot) ? -1 : 0;
}

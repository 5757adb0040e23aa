/* SPDX-License-Identifier: GPL-2.0 */
/* Windows to walk a head in. Other than at a packet, whoever has one may be put aside for another thread on the same CPU. */
#pragma once

#include "session.h"

extern struct http_windows_map tls_windows SEC(".maps");

/* Who counts one after it has counted itself is alone. WINDOWS when no window is free; then the bytes are looked at one by one. */
static __always_inline __u32 claim_window(void)
{
	struct http_window *window;
	__u32 slot;

	for (slot = 0; slot < WINDOWS; slot++) {
		window = window_in(&tls_windows, slot);
		if (!window)
			continue;
		__sync_fetch_and_add(&window->busy, 1);
		if (*(volatile __u64 *)&window->busy == 1)
			break;
		__sync_fetch_and_add(&window->busy, -1);
	}
	return slot;
}

static __always_inline void release_window(struct http_window *window)
{
	__sync_fetch_and_add(&window->busy, -1);
}

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

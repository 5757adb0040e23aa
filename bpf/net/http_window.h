/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a head is copied to, to be walked a word at a time: a place of this CPU's that belongs to whoever has claimed it.
 */
#pragma once

#include "http_state.h"

#define HTTP_WINDOW 1024
#define WINDOW_SLACK 32 /* words are read from any place in the window */
#define FIRST_WINDOW 0
#define WINDOWS 4 /* more of each CPU: who has one may be interrupted, or put aside for another thread on the same CPU */

/* What a walk through a head found. Places count from the window's begin; 0 is none. */
struct http_found {
	__u32 line; /* bytes of the start line with its end */
	__u32 head; /* bytes of the head with its end */
	__u32 length_at;
	__u32 chunked;
	__u64 length;
};

struct http_window {
	__u64 busy;
	volatile __u64 blur; /* 0; see blurred() in http_plain.h */
	struct http_found found;
	__u8 bytes[HTTP_WINDOW + WINDOW_SLACK];
};

struct http_windows_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WINDOWS + 1);
	__type(key, __u32);
	__type(value, struct http_window);
};

static __always_inline struct http_window *window_in(void *windows, __u32 slot)
{
	return bpf_map_lookup_elem(windows, &slot);
}

/* Where interrupts are off nobody comes between the look and the claim, and it needs no atomic operation, which waits for all that
 * was written before. Only this window is claimed so. */
static __always_inline int claim_first(struct http_window *first)
{
	if (first->busy)
		return 0;
	first->busy = 1;
	return 1;
}

static __always_inline void release_first(struct http_window *first)
{
	*(volatile __u64 *)&first->busy = 0;
}

/* A window of this CPU that nobody is in the middle of; null when all are taken, and then the bytes are looked at one by one. Who
 * counts one after it has counted itself is alone. */
static __always_inline struct http_window *claim_window(void *windows, __u32 *slot)
{
	struct http_window *window;
	__u32 i;

	for (i = FIRST_WINDOW + 1; i <= WINDOWS; i++) {
		*slot = i;
		window = window_in(windows, i);
		if (!window)
			return 0;
		__sync_fetch_and_add(&window->busy, 1);
		if (*(volatile __u64 *)&window->busy == 1)
			return window;
		__sync_fetch_and_add(&window->busy, -1);
	}
	return 0;
}

static __always_inline void release_window(struct http_window *window)
{
	__sync_fetch_and_add(&window->busy, -1);
}

static __always_inline __u64 word_at(const struct http_window *window, __u32 at)
{
	__u64 place = at;

	asm volatile("%0 &= %1" : "+r"(place) : "i"(HTTP_WINDOW - 1));
	return *(const __u64 *)(window->bytes + place);
}

static __always_inline __u8 byte_at(const struct http_window *window, __u32 at)
{
	return word_at(window, at);
}

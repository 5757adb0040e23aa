/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The same automaton as http.h, for what packets look like almost always: lines that are whole. They are taken a word at a
 * time; whatever does not fit here is left to the bytes.
 */
#pragma once

#include "http_plain.h"

#define FAST_WORDS 8 /* of a line, in one call */
#define FAST_LINES 4 /* in one call */
#define FAST_NAME 24 /* bytes that must be there to look for a header's name */

/* How many bytes there are up to and with the next LF, at most sizeof(words); 0 when there is none in them. */
static __always_inline __u32 line_length(const __u64 words[FAST_WORDS], __u32 have)
{
	__u32 i, at;

	for (i = 0; i < FAST_WORDS; i++) {
		at = find_byte(words[i], EVERY_LF);
		if (at < 8)
			return i * 8 + at + 1 <= have ? i * 8 + at + 1 : 0;
	}
	return 0;
}

/* A status line's first sixteen bytes. */
static __always_inline int fast_status(struct http_stream *stream, const __u64 words[FAST_WORDS])
{
	__u32 status = plain_status(words[0], words[1]);

	if (status < 100)
		return -1;
	stream->minor = words[0] >> 56;
	stream->status = status;
	return 0;
}

static __always_inline int is_interesting(const __u64 words[FAST_WORDS])
{
	__u64 first = words[0] | LOWER_CASE;

	return first == WORD_TRANSFER || is_content_length(first, words[1]) || is_expect(first);
}

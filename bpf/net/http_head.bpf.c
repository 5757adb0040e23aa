// SPDX-License-Identifier: GPL-2.0
/*
 * Reads heads: whole ones in a window, the others a line or a few bytes at a time. Each way is a function of its own, so that
 * the verifier goes through its loop once.
 */
#include "http_whole.h"

extern struct http_socks_map http_socks SEC(".maps");

struct http_windows_map http_windows SEC(".maps");

/* Finds the end of the head in a window, and how the message is framed; -1 when that is not plain. */
__attribute__((noinline)) int http_walk_head(__u32 slot, __u32 have)
{
	struct http_window *window = window_in(&http_windows, slot);

	return window ? walk_head(window, have) : -1;
}

__attribute__((noinline)) int http_read_length(__u32 slot)
{
	struct http_window *window = window_in(&http_windows, slot);

	return window ? read_length(window) : -1;
}

/* As take_whole_in, for who has neither the socket's state nor a window. */
__attribute__((noinline)) int http_take_whole(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress)
{
	struct http_sock *sock = sock_in(&http_socks, skb);
	struct segment segment = {.from = from, .left = left};
	struct http_window *window;
	__u32 slot, taken;

	if (!sock)
		return 0;
	window = claim_window(&http_windows, &slot);
	if (!window)
		return 0;
	taken = take_whole_in(window, slot, skb, sock, stream_of(sock, egress), &segment, egress);
	release_window(window);
	return taken;
}

/* Takes up to one piece of the payload, up to the end of a line, head or message. Returns the bytes taken in the low half and
 * the step in the high half. A function of its own so that its loop is verified once. */
__attribute__((noinline)) int http_take_piece(struct __sk_buff *skb, __u32 from, __u32 count, __u32 egress)
{
	struct http_stream *stream;
	struct http_sock *sock = sock_in(&http_socks, skb);
	__u8 piece[HTTP_STEP];
	int is_request, step;
	__u32 i;

	if (!sock)
		return STEP_OFF << 16;
	stream = stream_of(sock, egress);
	is_request = sock->requests == egress;
	if (count == 0)
		return STEP_OFF << 16;
	count = bounded(count > HTTP_STEP ? HTTP_STEP : count, HTTP_STEP);
	if (load_payload(&http_early, skb, sock, stream, egress, from, piece, count))
		return STEP_OFF << 16;
	for (i = 0; i < HTTP_STEP; i++) {
		if (i >= count)
			break;
		step = take_byte(sock, stream, piece[i], i, is_request);
		if (step)
			return (i + 1) | step << 16;
	}
	return count;
}

/* A request line whose end is in reach: its last word must be the version. */
static __always_inline int end_target(struct __sk_buff *skb, const struct http_sock *sock, struct http_stream *stream, __u32 from,
                                      __u32 length)
{
	__u64 version;

	if (load_payload(&http_early, skb, sock, stream, sock->requests, from + length - 11, &version, sizeof(version)))
		return 0;
	if (version != WORD_VERSION)
		return 0; /* without CR, or not HTTP: the bytes tell */
	stream->line += length - 2;
	begin_header(stream);
	return length | STEP_LINE << 16;
}

/* One line that nobody needs to look into, or what is there of it. Returns its bytes, 0 when they must be seen. */
static __always_inline __u32 fast_line(struct http_stream *stream, const __u64 words[FAST_WORDS], __u32 have)
{
	__u32 length = line_length(words, have);
	__u8 first = words[0];

	if (stream->state == HTTP_START) {
		if (fast_status(stream, words))
			return 0;
		begin_message(stream, 0, 0);
	} else if (stream->state == HTTP_NAME && (first == '\r' || first == '\n' || is_interesting(words))) {
		return 0;
	}
	if (length) {
		begin_header(stream);
		return length;
	}
	/* What is left of a long line, be it a reason, is as good as a header's value. */
	stream->header = HEADER_OTHER;
	stream->state = HTTP_VALUE;
	return have;
}

/* Takes lines that nobody needs to look into. Returns like http_take_piece, 0 when the bytes must be seen. */
__attribute__((noinline)) int http_take_lines(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress)
{
	struct bpf_sock *sk = full_sock(skb);
	__u64 words[FAST_WORDS] = {};
	struct http_stream *stream;
	struct http_sock *sock;
	__u32 have, length, taken = 0;
	int i;

	if (!sk || left < FAST_NAME)
		return 0;
	sock = bpf_sk_storage_get(&http_socks, sk, 0, 0);
	if (!sock)
		return 0;
	stream = stream_of(sock, egress);
	if (stream->state == HTTP_START && sock->requests == egress)
		return 0;
	if (stream->state == HTTP_NAME && stream->line)
		return 0;
	if (stream->state == HTTP_VALUE && stream->header != HEADER_OTHER)
		return 0;
	if (stream->state > HTTP_VALUE || stream->state == HTTP_METHOD || stream->state == HTTP_STATUS)
		return 0;
	for (i = 0; i < FAST_LINES && left >= FAST_NAME; i++) {
		have = bounded(left > sizeof(words) ? sizeof(words) : left, sizeof(words));
		if (load_payload(&http_early, skb, sock, stream, egress, from, words, have))
			return 0;
		if (stream->state == HTTP_TARGET) {
			length = line_length(words, have);
			return length > 11 && (__u8)words[0] > ' ' ? end_target(skb, sock, stream, from, length) : 0;
		}
		length = fast_line(stream, words, have);
		if (!length || length > left)
			break;
		/* The next line may begin a message's end: its position counts from here. */
		from += length;
		left -= length;
		taken += length;
	}
	return taken;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0
/*
 * Reads heads: whole ones in a window, the others a line or a few bytes at a time. Each way is a function of its own, so that
 * the verifier goes through its loop once.
 */
#include "http_early.h"
#include "http_head.h"
#include "http_out.h"

extern struct http_socks_map http_socks SEC(".maps");
extern struct http_early_map http_early SEC(".maps");

struct http_windows_map http_windows SEC(".maps");

/* Keeps a request's start line for its answer; false when another one waits already. What follows a '?' is not needed. */
static __always_inline int keep_asked(struct http_sock *sock, const struct http_stream *stream, const struct http_window *window,
                                      __u32 line, __u8 flags)
{
	struct tcp_conn *conn;

	if (sock->asked.length)
		return 0;
	if (!storage_is_traceable()) {
		conn = bpf_map_lookup_elem(&tcp_conns, &sock->key);
		if (!conn || conn->id != sock->conn)
			return 0;
		conn->http_asked++;
	}
	set_asked(&sock->asked, stream, window->bytes, line, flags);
	return 1;
}

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

static __always_inline int find_end(const struct http_window *window, __u32 slot, __u32 have)
{
	if (http_walk_head(slot, have))
		return -1;
	return window->found.length_at ? http_read_length(slot) : 0;
}

/* A body that ends in the packet of its head needs no further step. */
static __always_inline __u32 take_short_body(struct http_stream *stream, __u32 left)
{
	__u32 length = stream->remaining;

	if (stream->state != HTTP_BODY || stream->remaining > left)
		return 0;
	stream->remaining = 0;
	stream->pos += length;
	stream->state = HTTP_START;
	return length;
}

static __always_inline int take_request(struct __sk_buff *skb, struct http_sock *sock, struct http_stream *stream,
                                        const struct http_window *window, __u32 slot, __u32 have, __u32 from, __u32 left)
{
	const struct http_found *found = &window->found;
	__u8 flags = HTTP_COMPLETE;
	__u32 taken, line;

	if (!is_plain_method(word_at(window, 0)) || find_end(window, slot, have) || !ends_in_version(window, found->line))
		return 0;
	line = found->line;
	if (line > HTTP_PIECE) {
		if (sock->asked.length)
			return 0; /* it cannot wait, and what does not wait is handed out to its end */
		line = line_to_query(window);
		flags = 0;
		if (!line)
			return 0;
	}
	if (!note_plain_method(sock, stream, word_at(window, 0)))
		return 0;
	begin_plain(stream, found);
	if (!keep_asked(sock, stream, window, line, flags)) {
		stream->line_from = from;
		stream->line_waits = line;
		http_emit_line(skb, 1);
	}
	begin_body(stream);
	taken = found->head + take_short_body(stream, left - found->head);
	if (stream->state == HTTP_START) {
		stream->message++;
		stream->flags = 0;
	}
	return taken;
}

static __always_inline int take_response(struct http_sock *sock, struct http_stream *stream, const struct http_window *window,
                                         __u32 slot, __u32 have, __u32 left)
{
	__u32 taken, status = plain_status(word_at(window, 0), word_at(window, 8));
	const struct http_found *found = &window->found;

	if (status < 200 || find_end(window, slot, have))
		return 0;
	begin_plain(stream, found);
	stream->status = status;
	stream->minor = byte_at(window, 7);
	end_response_head(sock, stream);
	taken = found->head + take_short_body(stream, left - found->head);
	if (stream->state == HTTP_START) {
		emit_response(sock, 1);
		stream->message++;
		stream->flags = 0;
	}
	return taken;
}

/* Takes a head that is whole and plain, and its body when that ends in this packet too. Returns the bytes taken, 0 when they
 * must be looked at more closely; then nothing has changed. */
__attribute__((noinline)) int http_take_whole(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress)
{
	struct http_sock *sock = sock_in(&http_socks, skb);
	struct http_window *window;
	struct http_stream *stream;
	__u32 slot, have, taken = 0;

	if (!sock || left < 16)
		return 0;
	stream = stream_of(sock, egress);
	if (stream->state != HTTP_START || stream->flags & MESSAGE_INTERIM)
		return 0;
	window = claim_window(&http_windows, &slot);
	if (!window)
		return 0;
	have = bounded(left > HTTP_WINDOW ? HTTP_WINDOW : left, HTTP_WINDOW);
	if (!load_payload(&http_early, skb, sock, stream, egress, from, window->bytes, have))
		taken = sock->requests == egress ? take_request(skb, sock, stream, window, slot, have, from, left)
		                                 : take_response(sock, stream, window, slot, have, left);
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

	if (load_payload(&http_early, skb, sock, stream, sock->requests, from + length - 10, &version, sizeof(version)))
		return 0;
	if ((version & SEVEN_BYTES) != WORD_HTTP)
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
		begin_message(stream, 0);
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
			return length > 10 ? end_target(skb, sock, stream, from, length) : 0;
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

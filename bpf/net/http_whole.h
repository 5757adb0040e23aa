/* SPDX-License-Identifier: GPL-2.0 */
/* A head that is whole in its packet, and plain: what almost every exchange consists of, on the way that costs least. */
#pragma once

#include "http_head.h"
#include "http_out.h"
#include "http_segment.h"

extern struct http_early_map http_early SEC(".maps");
extern struct http_windows_map http_windows SEC(".maps");

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

static __always_inline int find_end(const struct http_window *window, __u32 slot, __u32 have)
{
	if (http_walk_head(slot, have))
		return -1;
	return window->found.length_at ? http_read_length(slot) : 0;
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
	if (stream->state == HTTP_START)
		next_message(stream);
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
	note_status(stream, window, status);
	end_response_head(sock, stream);
	taken = found->head + take_short_body(stream, left - found->head);
	if (stream->state == HTTP_START) {
		emit_response(sock, 1);
		next_message(stream);
	}
	return taken;
}

/* Takes a head that is whole and plain, and its body when that ends in this packet too. Returns the bytes taken, 0 when they
 * must be looked at more closely; then nothing has changed. */
static __always_inline __u32 take_whole_in(struct http_window *window, __u32 slot, struct __sk_buff *skb, struct http_sock *sock,
                                           struct http_stream *stream, const struct segment *segment, __u32 egress)
{
	__u32 have, left = segment->left;

	if (left < 16 || stream->state != HTTP_START || stream->flags & MESSAGE_INTERIM)
		return 0;
	have = bounded(left > HTTP_WINDOW ? HTTP_WINDOW : left, HTTP_WINDOW);
	if (load_payload(&http_early, skb, sock, stream, egress, segment->from, window->bytes, have))
		return 0;
	return sock->requests == egress ? take_request(skb, sock, stream, window, slot, have, segment->from, left)
	                                : take_response(sock, stream, window, slot, have, left);
}

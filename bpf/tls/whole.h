/* SPDX-License-Identifier: GPL-2.0 */
/* A whole head at once, from the caller's memory, as http_take_whole does it from a packet. */
#pragma once

#include "out.h"
#include "window.h"

/* What was taken of a call: where its bytes were and when they began. */
struct tls_piece {
	__u64 from;
	__u64 begun_ns;
	__u32 left;
	__u32 written;
};

/* Hands out a start line of a window's length in records that follow each other. */
static __always_inline void emit_whole_line(struct http_stream *stream, __u64 ssl, __u32 from, __u32 length)
{
	__u32 i, count;

	for (i = 0; i < HTTP_WINDOW / HTTP_PIECE; i++) {
		count = length > HTTP_PIECE ? HTTP_PIECE : length;
		stream->line_from = from;
		stream->line_waits = count;
		from += count;
		length -= count;
		tls_emit_line(ssl, !length);
		if (!length)
			break;
	}
}

/* Keeps a request's start line for its answer; false when another one waits already, or nobody would tell of it. */
static __always_inline int keep_session_asked(struct tls_session *session, const struct http_stream *stream,
                                              const struct http_window *window)
{
	struct http_sock *sock = &session->http;
	__u32 line = window->found.line;
	struct tcp_conn *conn;

	if (sock->asked.length || line > HTTP_PIECE)
		return 0;
	conn = joined_conn(session);
	if (!conn)
		return 0;
	conn->http_asked++;
	set_asked(&sock->asked, stream, window->bytes, line, HTTP_COMPLETE);
	return 1;
}

/* A message that is written begins when the call does. */
static __always_inline __u32 begin_whole(struct http_stream *stream, const struct http_found *found, __u64 begun_ns)
{
	begin_plain(stream, found);
	stream->begun_ns = begun_ns;
	return found->head;
}

static __always_inline __u32 take_request(struct tls_session *session, struct http_stream *stream,
                                          const struct http_window *window, __u64 ssl, const struct tls_piece *piece)
{
	__u64 first = word_at(window, 0);
	__u32 taken;

	if (!is_plain_method(first) || !ends_in_version(window, window->found.line) ||
	    !note_plain_method(&session->http, stream, first))
		return 0;
	taken = begin_whole(stream, &window->found, piece->begun_ns);
	if (!keep_session_asked(session, stream, window))
		emit_whole_line(stream, ssl, piece->from - session->line_base, window->found.line);
	begin_body(stream);
	return taken;
}

static __always_inline __u32 take_response(struct tls_session *session, struct http_stream *stream,
                                           const struct http_window *window, const struct tls_piece *piece)
{
	__u32 taken, status = plain_status(word_at(window, 0), word_at(window, 8));

	if (status < 200)
		return 0;
	taken = begin_whole(stream, &window->found, piece->begun_ns);
	note_status(stream, window, status);
	end_response_head(&session->http, stream);
	return taken;
}

/* Takes a head that is whole and plain, and its body when that ends in the same call. Returns their bytes, 0 when they must be
 * looked at more closely; then nothing has changed. */
static __always_inline __u32 take_whole(struct tls_session *session, __u64 ssl, const struct tls_piece *piece)
{
	__u32 slot, have, taken = 0, written = piece->written, left = piece->left;
	struct http_window *window;
	struct http_stream *stream;

	stream = stream_of(&session->http, written);
	if (left < 16 || stream->state != HTTP_START || stream->flags & MESSAGE_INTERIM)
		return 0;
	window = claim_window(&tls_windows, &slot);
	if (!window)
		return 0;
	have = bounded(left > HTTP_WINDOW ? HTTP_WINDOW : left, HTTP_WINDOW);
	if (!bpf_probe_read_user(window->bytes, have, (void *)piece->from) && !find_end(slot, have))
		taken = session->http.requests == written ? take_request(session, stream, window, ssl, piece)
		                                          : take_response(session, stream, window, piece);
	release_window(window);
	if (!taken)
		return 0;
	taken += take_short_body(stream, left - taken);
	session->is_http = 1;
	if (stream->state == HTTP_START) {
		if (session->http.requests != written)
			emit_session_response(session, 1);
		next_message(stream);
	}
	return taken;
}

__attribute__((noinline)) int tls_take_whole(__u64 ssl, __u64 from, __u32 left, __u32 written, __u64 begun_ns)
{
	struct tls_session *session = session_of(ssl);
	struct tls_piece piece = {.from = from, .begun_ns = begun_ns, .left = left, .written = written};

	return session ? take_whole(session, ssl, &piece) : 0;
}

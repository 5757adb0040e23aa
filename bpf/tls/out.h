/* SPDX-License-Identifier: GPL-2.0 */
/* Hands out what was seen of HTTP in a session: start lines, responses, ends. Whose it is is said by tls_join. */
#pragma once

#include "session.h"

/* Hands out what waits of a request's start line. */
static __always_inline void emit_line(struct tls_session *session, __u32 complete)
{
	struct http_stream *stream = stream_of(&session->http, session->http.requests);
	__u32 count = stream->line_waits;
	struct http_line *line;

	stream->line_waits = 0;
	if (count == 0 || count > HTTP_PIECE)
		return;
	count = bounded(count, HTTP_PIECE);
	line = bpf_ringbuf_reserve(&flow_events, sizeof(*line), 0);
	if (!line) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, count);
		return;
	}
	fill_line(line, session->id, stream, count, (complete ? HTTP_COMPLETE : 0) | HTTP_TLS);
	if (bpf_probe_read_user(line->bytes, count, (void *)(session->line_base + stream->line_from)))
		line->length = 0;
	stream->offset += count;
	bpf_ringbuf_submit(line, ring_wake_flag(&flow_events));
}

__attribute__((noinline)) int tls_emit_line(__u64 ssl, __u32 complete)
{
	struct tls_session *session = session_of(ssl);

	if (session)
		emit_line(session, complete);
	return 0;
}

/* Hands out the response that a session is in, or its end. */
static __always_inline void emit_session_response(struct tls_session *session, __u32 over)
{
	struct http_sock *sock = &session->http;
	struct http_stream *stream = stream_of(sock, !sock->requests);
	__u16 waited = sock->asked.length;

	if (stream->flags & MESSAGE_HEAD_OUT) {
		emit_end(sock, stream);
		return;
	}
	stream->flags |= MESSAGE_HEAD_OUT;
	emit_answer(sock, stream, over);
	if (waited && !sock->asked.length)
		count_told(session);
}

__attribute__((noinline)) int tls_emit_response(__u64 ssl, __u32 over)
{
	struct tls_session *session = session_of(ssl);

	if (session)
		emit_session_response(session, over);
	return 0;
}

static __always_inline void end_of_message(struct tls_session *session, __u64 ssl, struct http_stream *stream, __u32 written)
{
	if (session->http.requests != written)
		tls_emit_response(ssl, 1);
	next_message(stream);
}

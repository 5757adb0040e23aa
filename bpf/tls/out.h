/* SPDX-License-Identifier: GPL-2.0 */
/* Hands out what was seen of HTTP in a session: start lines, responses, ends. Whose it is is said by tls_join. */
#pragma once

#include "../net/http_out.h"
#include "session.h"

/* Hands out what waits of a request's start line. */
__attribute__((noinline)) int tls_emit_line(__u64 ssl, __u32 complete)
{
	struct tls_session *session = session_of(ssl);
	struct http_stream *stream;
	struct http_line *line;
	__u32 count;

	if (!session)
		return 0;
	stream = stream_of(&session->http, session->http.requests);
	count = stream->line_waits;
	stream->line_waits = 0;
	if (count == 0 || count > HTTP_PIECE)
		return 0;
	count = bounded(count, HTTP_PIECE);
	line = bpf_ringbuf_reserve(&flow_events, sizeof(*line), 0);
	if (!line) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, count);
		return 0;
	}
	fill_line(line, session->id, stream, count, (complete ? HTTP_COMPLETE : 0) | HTTP_TLS);
	if (bpf_probe_read_user(line->bytes, count, (void *)(session->line_base + stream->line_from)))
		line->length = 0;
	stream->offset += count;
	bpf_ringbuf_submit(line, ring_wake_flag(&flow_events));
	return 0;
}

/* Hands out a response; who it belongs to is said by tls_join. */
__attribute__((noinline)) int tls_emit_head(__u64 ssl, __u32 over)
{
	struct tls_session *session = session_of(ssl);
	struct http_stream *stream;
	struct http_sock *sock;
	struct http_head *head;

	if (!session)
		return 0;
	sock = &session->http;
	stream = stream_of(sock, !sock->requests);
	head = bpf_ringbuf_reserve(&flow_events, sizeof(*head), 0);
	if (!head) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, 0);
		return 0;
	}
	__builtin_memset(head, 0, sizeof(*head));
	head->conn = session->id;
	head->begun_ns = stream->begun_ns;
	head->pos = stream->begun_pos;
	head->end = stream->pos;
	head->flags = (over ? HTTP_COMPLETE : 0) | HTTP_TLS;
	head->request_pos = request_pos(sock, stream->message, &head->flags);
	head->message = stream->message;
	head->status = stream->status;
	head->minor = stream->minor;
	bpf_ringbuf_submit(head, ring_wake_flag(&flow_events));
	return 0;
}

static __always_inline void emit_response_end(struct tls_session *session, struct http_stream *stream)
{
	struct http_end *end = bpf_ringbuf_reserve(&flow_events, sizeof(*end), 0);

	if (!end) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, 0);
		return;
	}
	__builtin_memset(end, 0, sizeof(*end));
	end->conn = session->id;
	end->end = stream->pos;
	end->message = stream->message;
	end->flags = HTTP_COMPLETE | HTTP_TLS;
	end->request_pos = request_pos(&session->http, stream->message, &end->flags);
	bpf_ringbuf_submit(end, ring_wake_flag(&flow_events));
}

static __always_inline void end_of_message(struct tls_session *session, __u64 ssl, struct http_stream *stream, __u32 written)
{
	if (session->http.requests != written) {
		if (stream->flags & MESSAGE_HEAD_OUT)
			emit_response_end(session, stream);
		else
			tls_emit_head(ssl, 1);
	}
	stream->message++;
	stream->flags = 0;
}

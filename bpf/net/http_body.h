/* SPDX-License-Identifier: GPL-2.0 */
/* What follows a head of HTTP/1.x: a body that is skipped by its length and never looked at, the next head, or no HTTP any more. */
#pragma once

#include "http_state.h"

static __always_inline int end_message(struct http_stream *stream)
{
	stream->state = HTTP_START;
	return STEP_END;
}

static __always_inline int begin_body(struct http_stream *stream)
{
	if (stream->flags & MESSAGE_CHUNKED) {
		stream->state = HTTP_CHUNK_SIZE;
		stream->remaining = 0;
		stream->line = 0;
		return STEP_NONE;
	}
	if (!stream->length)
		return end_message(stream);
	stream->state = HTTP_BODY;
	stream->remaining = stream->length;
	return STEP_SKIP;
}

/* Takes what a body owes, without looking at it; returns how much that was. HTTP_START afterwards: the message is over. */
static __always_inline __u32 take_body(struct http_stream *stream, __u32 left)
{
	__u32 taken = left;

	if (stream->state != HTTP_UNTIL_CLOSE) {
		if (stream->remaining < left)
			taken = stream->remaining;
		stream->remaining -= taken;
	}
	stream->pos += taken;
	if (stream->state == HTTP_BODY && !stream->remaining)
		stream->state = HTTP_START;
	else if (stream->state == HTTP_CHUNK && !stream->remaining)
		stream->state = HTTP_CHUNK_SIZE;
	return taken;
}

/* Whether the request at hand has its final answer, or a part of it. */
static __always_inline int is_answered(struct http_sock *sock, const struct http_stream *request)
{
	const struct http_stream *responses = stream_of(sock, !sock->requests);
	__s32 ahead = responses->message - request->message;

	return ahead > 0 || (!ahead && (responses->flags & (MESSAGE_HEAD_OVER | MESSAGE_INTERIM)) == MESSAGE_HEAD_OVER);
}

/* True once in a message, before anything of its body: who asks for leave to send the body (Expect: 100-continue) and is answered for
 * good does not send it, and the next request stands in its place. */
static __always_inline int may_be_withheld(struct http_sock *sock, struct http_stream *stream)
{
	if (!(stream->flags & MESSAGE_EXPECTS) || stream->state < HTTP_BODY)
		return 0;
	stream->flags &= ~MESSAGE_EXPECTS;
	return is_answered(sock, stream);
}

static __always_inline int end_response_head(struct http_sock *sock, struct http_stream *stream)
{
	__u64 bit = 1ULL << (stream->message & 63);
	__u16 status = stream->status;

	if (status >= 100 && status < 200 && status != 101) {
		stream->flags = MESSAGE_INTERIM;
		stream->state = HTTP_START;
		return STEP_NONE;
	}
	stream->flags |= MESSAGE_HEAD_OVER;
	if (status == 101 || ((sock->connect_requests & bit) && status < 300)) {
		sock->off = 1;
		return end_message(stream);
	}
	if (status == 204 || status == 304 || (sock->head_requests & bit))
		return end_message(stream);
	if (stream->flags & (MESSAGE_CHUNKED | MESSAGE_HAS_LENGTH))
		return begin_body(stream);
	stream->state = HTTP_UNTIL_CLOSE;
	return STEP_SKIP;
}

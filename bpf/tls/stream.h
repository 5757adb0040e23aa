/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HTTP in the plaintext of a session: the automaton of ../net/http.h over the caller's memory, a piece at a time. A call's bytes
 * continue the stream for sure, so there is no place to find as with packets.
 */
#pragma once

#include "whole.h"

#define TLS_PIECE HTTP_STEP
#define STEP_UNREADABLE 8 /* behind enum http_step: the caller's memory is not there */

/* Takes up to one piece, up to the end of a line, head or message. Returns the bytes taken in the low half and the step in the
 * high half. A function of its own so that its loop is verified once; map values do not cross global functions on 5.10. */
__attribute__((noinline)) int tls_take_piece(__u64 ssl, __u64 from, __u32 count, __u32 written)
{
	struct tls_session *session = session_of(ssl);
	struct http_stream *stream;
	__u8 piece[TLS_PIECE];
	int is_request, step;
	__u32 i;

	if (!session || count == 0)
		return STEP_OFF << 16;
	stream = stream_of(&session->http, written);
	is_request = session->http.requests == written;
	count = bounded(count > TLS_PIECE ? TLS_PIECE : count, TLS_PIECE);
	if (bpf_probe_read_user(piece, count, (void *)from))
		return STEP_UNREADABLE << 16;
	for (i = 0; i < TLS_PIECE; i++) {
		if (i >= count)
			break;
		step = take_byte(&session->http, stream, piece[i], i, is_request);
		if (step && (step != STEP_SKIP || in_body(stream)))
			return (i + 1) | step << 16;
	}
	return count;
}

/* Bytes of a start line wait in the caller's memory until a record is full, the line is over, or the call is. */
static __always_inline void keep_line(struct tls_session *session, struct http_stream *stream, __u64 ssl, __u64 from, __u32 taken,
                                      int is_over)
{
	if (!stream->line_waits)
		stream->line_from = from - session->line_base;
	stream->line_waits += taken;
	if (is_over || (stream->line_waits > HTTP_PIECE - TLS_PIECE && stream->offset < HTTP_LINE_LIMIT))
		tls_emit_line(ssl, is_over);
	else if (stream->offset >= HTTP_LINE_LIMIT)
		stream->line_waits = 0;
}

/* What never was HTTP is no loss, and may become it: a stream that is older than the agent is looked for again. */
static __always_inline void lose_stream(struct tls_session *session, struct http_stream *stream, __u32 left, int step)
{
	if (step == STEP_UNREADABLE) {
		count_loss_in(&flow_losses, LOSS_HTTP_LOST_TRACK, left);
		stream->state = HTTP_LOST;
		return;
	}
	if (!session->is_http) {
		session->has_role = 0;
		session->http.streams[0].state = session->http.streams[1].state = HTTP_LOST;
		return;
	}
	if (step == STEP_OFF && !stream->message) {
		stream->state = HTTP_LOST;
		return;
	}
	count_loss_in(&flow_losses, LOSS_HTTP_BROKEN, left);
	session->http.off = 1;
}

static __always_inline int begins_request(__u64 from, __u32 left)
{
	__u8 first[8];

	return left >= sizeof(first) && !bpf_probe_read_user(first, sizeof(first), (void *)from) &&
	       may_be_request(first, sizeof(first));
}

/* Takes one body's share or one piece of a head; returns how many bytes that was, 0 when there is nothing more to take. */
__attribute__((noinline)) int tls_take_step(__u64 ssl, __u64 from, __u32 left, __u32 written, __u64 begun_ns)
{
	struct tls_session *session = session_of(ssl);
	struct http_stream *stream;
	__u32 taken;
	__u64 begun_before;
	int result, step, is_line;

	if (!session || session->http.off)
		return 0;
	stream = stream_of(&session->http, written);
	if (stream->state == HTTP_LOST)
		return 0;
	if (may_be_withheld(&session->http, stream) && begins_request(from, left)) {
		end_message(stream);
		next_message(stream);
	}
	if (in_body(stream)) {
		taken = take_body(stream, left);
		if (stream->state == HTTP_START)
			end_of_message(session, ssl, stream, written);
		return taken;
	}
	taken = tls_take_whole(ssl, from, left, written, begun_ns);
	if (taken)
		return taken;
	is_line = session->http.requests == written && stream->state <= HTTP_TARGET;
	begun_before = stream->begun_ns;
	result = tls_take_piece(ssl, from, left, written);
	taken = result & 0xffff;
	step = result >> 16;
	/* A message that is written begins when the call does; the automaton looks at it when it is over. */
	if (stream->begun_ns != begun_before)
		stream->begun_ns = begun_ns;
	if (step == STEP_OFF || step >= STEP_BAD || stream->line > HTTP_MAX_LINE) {
		lose_stream(session, stream, left, step);
		return 0;
	}
	if (is_line && stream->state != HTTP_START)
		keep_line(session, stream, ssl, from, taken, step == STEP_LINE);
	if (step == STEP_LINE || stream->flags & MESSAGE_HEAD_OVER)
		session->is_http = 1;
	stream->pos += taken;
	if (step == STEP_END)
		end_of_message(session, ssl, stream, written);
	return taken;
}

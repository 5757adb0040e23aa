/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HTTP in the plaintext of a session: the automaton of ../net/http.h over the caller's memory, a piece at a time. A call's bytes
 * continue the stream for sure, so there is no place to find as with packets.
 */
#pragma once

#include "window.h"

#define TLS_PIECE HTTP_STEP
#define STEP_UNREADABLE 8 /* behind enum http_step: the caller's memory is not there */

static __always_inline __u8 request_over(struct http_sock *sock, __u32 message)
{
	struct http_stream *requests = stream_of(sock, sock->requests);

	return requests->message == message + 1 && requests->state == HTTP_START ? HTTP_REQUEST_OVER : 0;
}

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
	line->conn = session->id;
	line->begun_ns = stream->begun_ns;
	line->pos = stream->begun_pos;
	line->message = stream->message;
	line->offset = stream->offset;
	line->length = count;
	line->flags = (complete ? HTTP_COMPLETE : 0) | HTTP_TLS;
	__builtin_memset(line->pad, 0, sizeof(line->pad));
	if (bpf_probe_read_user(line->bytes, count, (void *)(session->line_base + stream->line_from)))
		line->length = 0;
	stream->offset += count;
	bpf_ringbuf_submit(line, ring_wake_flag(&flow_events));
	return 0;
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
	head->request_pos = stream_of(sock, sock->requests)->pos;
	head->message = stream->message;
	head->status = stream->status;
	head->minor = stream->minor;
	head->flags = (over ? HTTP_COMPLETE : 0) | request_over(sock, stream->message) | HTTP_TLS;
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
	end->request_pos = stream_of(&session->http, session->http.requests)->pos;
	end->message = stream->message;
	end->flags = request_over(&session->http, stream->message) | HTTP_COMPLETE | HTTP_TLS;
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

/* Takes what a body owes from the call's bytes, without looking at them; returns how much that was. */
static __always_inline __u32 take_body(struct tls_session *session, __u64 ssl, struct http_stream *stream, __u32 left,
                                       __u32 written)
{
	__u32 taken = left;

	if (stream->state != HTTP_UNTIL_CLOSE) {
		if (stream->remaining < left)
			taken = stream->remaining;
		stream->remaining -= taken;
	}
	stream->pos += taken;
	if (stream->state == HTTP_BODY && !stream->remaining) {
		stream->state = HTTP_START;
		end_of_message(session, ssl, stream, written);
	} else if (stream->state == HTTP_CHUNK && !stream->remaining) {
		stream->state = HTTP_CHUNK_SIZE;
	}
	return taken;
}

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

/* How a message is framed that has just been walked; what of its body is here too is taken with it. */
static __always_inline __u32 begin_whole(struct http_stream *stream, const struct http_found *found, __u64 begun_ns)
{
	begin_message(stream, 0);
	stream->begun_ns = begun_ns;
	stream->length = found->length_at ? found->length : 0;
	stream->flags |= (found->chunked ? MESSAGE_CHUNKED : 0) | (found->length_at ? MESSAGE_HAS_LENGTH : 0);
	stream->pos += found->head;
	return found->head;
}

static __always_inline __u32 take_request(struct tls_session *session, struct http_stream *stream,
                                          const struct http_window *window, __u64 ssl, __u64 from, __u64 begun_ns)
{
	__u64 first = word_at(window, 0), bit = 1ULL << (stream->message & 63);
	struct http_sock *sock = &session->http;
	__u32 taken;

	if (!is_plain_method(first) || !ends_in_version(window, window->found.line))
		return 0;
	taken = begin_whole(stream, &window->found, begun_ns);
	sock->connect_requests &= ~bit;
	sock->head_requests &= ~bit;
	if ((__u32)first == 0x44414548 /* HEAD */)
		sock->head_requests |= bit;
	emit_whole_line(stream, ssl, from - session->line_base, window->found.line);
	begin_body(stream);
	return taken;
}

static __always_inline __u32 take_response(struct tls_session *session, struct http_stream *stream,
                                           const struct http_window *window, __u64 begun_ns)
{
	__u32 taken, status = plain_status(word_at(window, 0), word_at(window, 8));

	if (status < 200)
		return 0;
	taken = begin_whole(stream, &window->found, begun_ns);
	stream->status = status;
	stream->minor = byte_at(window, 7);
	end_response_head(&session->http, stream);
	return taken;
}

/* Takes a head that is whole and plain. Returns its bytes, 0 when they must be looked at more closely; then nothing has changed. */
__attribute__((noinline)) int tls_take_whole(__u64 ssl, __u64 from, __u32 left, __u32 written, __u64 begun_ns)
{
	struct tls_session *session = session_of(ssl);
	struct http_window *window;
	struct http_stream *stream;
	__u32 slot, have, taken = 0;

	if (!session || left < 16)
		return 0;
	stream = stream_of(&session->http, written);
	if (stream->state != HTTP_START || stream->flags & MESSAGE_INTERIM)
		return 0;
	slot = claim_window();
	window = window_in(&tls_windows, slot);
	if (!window)
		return 0;
	have = bounded(left > HTTP_WINDOW ? HTTP_WINDOW : left, HTTP_WINDOW);
	if (!bpf_probe_read_user(window->bytes, have, (void *)from) && !find_end(slot, have))
		taken = session->http.requests == written ? take_request(session, stream, window, ssl, from, begun_ns)
		                                          : take_response(session, stream, window, begun_ns);
	release_window(window);
	if (!taken)
		return 0;
	session->is_http = 1;
	if (stream->state == HTTP_START)
		end_of_message(session, ssl, stream, written);
	return taken;
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
	if (in_body(stream))
		return take_body(session, ssl, stream, left, written);
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

/* SPDX-License-Identifier: GPL-2.0 */
/* Takes what a call that is over has moved. */
#pragma once

#include "find.h"

#define MAX_STEPS 64 /* pieces and bodies in one run; then the program calls itself, 32 times at most */

static __always_inline void tell_join(struct tls_session *session)
{
	struct tcp_conn *conn;

	if (!session->is_http || !session->conn || session->join_out)
		return;
	conn = conn_of(session->sk);
	if (conn && conn->id == session->conn)
		emit_join(session, conn, &flow_events, &flow_losses);
}

/* Everything that the call's bytes said is taken: what is known of a response whose body goes on is handed out. */
static __always_inline void end_call(struct tls_session *session, struct tls_call *call)
{
	__u32 left = call->left, written = call->written != 0;
	struct http_stream *stream = stream_of(&session->http, written);

	call->left = 0;
	if (left && !session->http.off && stream->state != HTTP_LOST) {
		/* More small chunks than one call is looked through for. */
		count_loss_in(&flow_losses, LOSS_HTTP_LOST_TRACK, left);
		stream->state = HTTP_LOST;
	}
	stream->pos += left;
	if (session->http.requests == written && stream->line_waits)
		tls_emit_line(call->ssl, 0);
	if (session->http.requests != written && stream->flags & MESSAGE_HEAD_OVER && !(stream->flags & MESSAGE_HEAD_OUT))
		tls_emit_response(call->ssl, 0);
	tell_join(session);
}

/* The moment that the messages of a call begin: one that is written does so when the call does. */
static __always_inline __u64 begun_ns_of(const struct tls_call *call)
{
	return call->written ? call->begun_ns : bpf_ktime_get_ns();
}

/* Takes a call's first message, which is almost always all there is: 0, or how many bytes take_rest has still to look at. */
static __always_inline __u32 take_first(struct tls_session *session, struct tls_call *call)
{
	__u32 taken, written = call->written != 0;
	struct http_stream *stream = stream_of(&session->http, written);
	struct tls_piece piece = {.from = call->from, .begun_ns = begun_ns_of(call), .left = call->left, .written = written};

	if (stream->state == HTTP_LOST)
		find_head(session, stream, piece.from, piece.left, written);
	if (session->http.requests == written)
		session->line_base = call->base;
	taken = take_whole(session, call->ssl, &piece);
	if (taken > piece.left)
		taken = piece.left;
	call->from = piece.from + taken;
	call->left = piece.left - taken;
	if (!call->left)
		end_call(session, call);
	return call->left;
}

/* Takes what is left of a call, as much as one run can. True when another run may take more. */
static __always_inline int take_rest(struct tls_session *session, struct tls_call *call)
{
	__u32 taken, left = call->left, written = call->written != 0;
	__u64 from = call->from, ssl = call->ssl, begun_ns = begun_ns_of(call);
	int i;

	for (i = 0; i < MAX_STEPS && left; i++) {
		taken = tls_take_step(ssl, from, left, written, begun_ns);
		if (!taken || taken > left)
			break;
		from += taken;
		left -= taken;
	}
	call->from = from;
	call->left = left;
	return left && i == MAX_STEPS;
}

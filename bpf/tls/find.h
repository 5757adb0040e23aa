/* SPDX-License-Identifier: GPL-2.0 */
/* Where HTTP begins in a session: the first bytes of a call say whether they are a head, and with it who is the client. */
#pragma once

#include "join.h"
#include "stream.h"

enum head_kind {
	HEAD_NONE,
	HEAD_REQUEST,
	HEAD_RESPONSE,
	HEAD_HTTP2,
};

#define WORD_PREFACE 0x5448202a20495250ULL  /* "PRI * HT", as a little-endian number */
#define WORD_RESPONSE 0x002e312f50545448ULL /* "HTTP/1." */

/* Fewer than eight bytes may be the start of a head too: Go's server reads the first byte of a request on its own. */
static __always_inline int may_be_response(const __u8 first[8], __u32 count)
{
	__u32 unseen = count < 7 ? 64 - 8 * count : 8; /* the digit of the version may be any */

	return !((*(__u64 *)first ^ WORD_RESPONSE) << unseen);
}

/* Who is the client is said by the first head; of what is too short to tell them apart, a request comes first. */
static __always_inline int kind_of(struct tls_session *session, const __u8 first[8], __u32 count, __u32 written)
{
	int is_request = session->http.requests == written;

	if (count >= 8 && *(__u64 *)first == WORD_PREFACE)
		return HEAD_HTTP2;
	if ((!session->has_role && count > 1) || (session->has_role && !is_request)) {
		if (may_be_response(first, count))
			return HEAD_RESPONSE;
	}
	if (!session->has_role || is_request) {
		if (may_be_request(first, count))
			return HEAD_REQUEST;
	}
	return HEAD_NONE;
}

/* A client may wait for an answer since before the agent, in a call whose end is not seen. */
static __always_inline int may_miss_answer(const struct tls_session *session)
{
	struct tcp_conn *conn = session->conn && session->http.requests ? conn_of(session->sk) : 0;

	return conn && conn->adopted;
}

static __always_inline void find_head(struct tls_session *session, struct http_stream *stream, __u64 from, __u32 left,
                                      __u32 written)
{
	struct http_sock *sock = &session->http;
	struct http_stream *requests, *responses;
	__u8 first[8] = {};
	int kind, is_first;
	__u32 count;

	if (!left)
		return;
	count = bounded(left > sizeof(first) ? sizeof(first) : left, sizeof(first));
	if (bpf_probe_read_user(first, count, (void *)from))
		return;
	kind = kind_of(session, first, count, written);
	if (kind == HEAD_HTTP2) {
		count_in(&tls_counts, TLS_HTTP2);
		sock->off = 1;
	}
	if (kind != HEAD_REQUEST && kind != HEAD_RESPONSE)
		return;
	is_first = !session->has_role;
	if (is_first) {
		session->has_role = 1;
		sock->requests = kind == HEAD_REQUEST ? written : !written;
	}
	requests = stream_of(sock, sock->requests);
	responses = stream_of(sock, !sock->requests);
	stream->state = HTTP_START;
	stream->flags = 0;
	if (kind == HEAD_RESPONSE) {
		/* A response that is found again answers the newest request. */
		stream->message = requests->message ? requests->message - (requests->state == HTTP_START) : 0;
	} else if (requests->message < responses->message + (responses->state > HTTP_START)) {
		/* What was answered before was asked in a call that had begun before the agent. */
		requests->message = responses->message + (responses->state > HTTP_START);
	}
	/* What comes back first answers the first request, however many follow that before. */
	if (kind == HEAD_REQUEST && is_first && !may_miss_answer(session))
		responses->state = HTTP_START;
}

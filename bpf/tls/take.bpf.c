// SPDX-License-Identifier: GPL-2.0
/* What a call that is over has moved: all that is long lives in this one program, to which the others jump. */
#include "find.h"
#include "go.h"

#define MAX_STEPS 64 /* pieces and bodies in one run; then the program calls itself, 32 times at most */

struct http_windows_map tls_windows SEC(".maps");

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
static __always_inline void end_call(struct tls_session *session, __u64 ssl, struct http_stream *stream, __u32 left,
                                     __u32 written)
{
	if (left && !session->http.off && stream->state != HTTP_LOST) {
		/* More small chunks than one call is looked through for. */
		count_loss_in(&flow_losses, LOSS_HTTP_LOST_TRACK, left);
		stream->state = HTTP_LOST;
	}
	stream->pos += left;
	if (session->http.requests == written && stream->line_waits)
		tls_emit_line(ssl, 0);
	if (session->http.requests != written && stream->flags & MESSAGE_HEAD_OVER && !(stream->flags & MESSAGE_HEAD_OUT))
		tls_emit_response(ssl, 0);
	tell_join(session);
}

/* Almost every call is one head, and a body that is short. */
static __always_inline __u32 take_first(struct tls_session *session, __u64 ssl, __u64 from, __u32 left, __u32 written,
                                        __u64 begun_ns)
{
	struct tls_piece piece = {.from = from, .begun_ns = begun_ns, .left = left, .written = written};
	__u32 taken = take_whole(session, ssl, &piece);

	return taken > left ? left : taken;
}

/* The call that has just ended: of this thread or, in a Go program, of this goroutine. */
SEC("uprobe")
int tls_take(struct pt_regs *ctx)
{
	struct tls_caller caller = thread_caller();
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, &caller);
	struct tls_session *session;
	struct http_stream *stream;
	__u32 left, taken, written;
	__u64 ssl, from, begun_ns;
	int i;

	if (!call || !call->left) {
		caller = go_caller(ctx);
		call = bpf_map_lookup_elem(&tls_calls, &caller);
	}
	if (!call)
		return 0;
	ssl = call->ssl;
	from = call->from;
	left = call->left;
	written = call->written != 0;
	begun_ns = written ? call->begun_ns : bpf_ktime_get_ns();
	session = session_of(ssl);
	if (!session || session->http.off)
		goto over;
	stream = stream_of(&session->http, written);
	if (stream->state == HTTP_LOST)
		find_head(session, stream, from, left, written);
	if (session->http.requests == written)
		session->line_base = call->base;
	taken = take_first(session, ssl, from, left, written, begun_ns);
	from += taken;
	left -= taken;
	for (i = 0; i < MAX_STEPS && left; i++) {
		taken = tls_take_step(ssl, from, left, written, begun_ns);
		if (!taken || taken > left)
			break;
		from += taken;
		left -= taken;
	}
	if (left && i == MAX_STEPS) {
		call->from = from;
		call->left = left;
		bpf_tail_call(ctx, &tls_programs, 0);
	}
	end_call(session, ssl, stream, left, written);
over:
	call->left = 0;
	call->is_inside = 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0
/*
 * HTTP at the packet. State lives in socket storage; a head is read a piece at a time by a function that the verifier checks
 * once, a body is skipped by its length. Whatever system call sent it, and whether or not a program has read it, it passes here.
 */
#include "http_begin.h"
#include "http_preface.h"
#include "http_segment.h"
#include "http_whole.h"

#define MAX_STEPS 2048 /* pieces and bodies of one packet: a 64 KiB packet of heads is 2,048 pieces */

extern struct http_socks_map http_socks SEC(".maps");

static __always_inline void on_message_over(struct __sk_buff *skb, struct http_sock *sock, struct http_stream *stream,
                                            __u32 egress)
{
	if (sock->requests != egress)
		http_emit_response(skb, 1);
	next_message(stream);
}

/* What never was HTTP is no loss. */
static __always_inline void leave(struct http_sock *sock, __u32 left, int step, int was_http)
{
	if (step == STEP_BAD || was_http)
		count_loss_in(&flow_losses, LOSS_HTTP_BROKEN, left);
	else if (step == STEP_LONG)
		count_loss_in(&flow_losses, LOSS_HTTP_LONG_METHOD, left);
	sock->off = 1;
}

/* Bytes of a start line wait in the packet until a record is full, the line is over, or the packet is. */
static __always_inline void keep_line(struct __sk_buff *skb, struct http_sock *sock, struct http_stream *stream, __u32 from,
                                      __u32 taken, int is_over)
{
	if (stream->line > HTTP_MAX_LINE) {
		leave(sock, taken, STEP_BAD, 1);
		return;
	}
	if (!stream->line_waits)
		stream->line_from = from;
	stream->line_waits += taken;
	if (is_over || (stream->line_waits > HTTP_PIECE - sizeof(__u64) * FAST_WORDS && stream->offset < HTTP_LINE_LIMIT))
		http_emit_line(skb, is_over);
	else if (stream->offset >= HTTP_LINE_LIMIT)
		stream->line_waits = 0;
}

/* A packet that may begin a head, where the stream was lost, was never known, or is in doubt. */
static __always_inline int begins_head(struct __sk_buff *skb, __u32 from, __u32 left, int is_request)
{
	__u8 first[8];

	if (left < sizeof(first) || bpf_skb_load_bytes(skb, from, first, sizeof(first)))
		return 0;
	return is_request ? may_be_request(first, sizeof(first))
	                  : *(__u32 *)first == 0x50545448 /* HTTP, as a little-endian number */;
}

/* Takes one body's share or one piece of a head; returns how many bytes that was. Verified once, called in a loop. */
__attribute__((noinline)) int http_take_step(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress)
{
	struct http_stream *stream;
	struct http_sock *sock = sock_in(&http_socks, skb);
	__u32 taken;
	int result, step;

	if (!sock || sock->off)
		return 0;
	stream = stream_of(sock, egress);
	if (may_be_withheld(sock, stream) && begins_head(skb, from, left, 1)) {
		end_message(stream);
		on_message_over(skb, sock, stream, egress);
	}
	if (in_body(stream)) {
		taken = take_body(stream, left);
		if (stream->state == HTTP_START)
			on_message_over(skb, sock, stream, egress);
		return taken;
	}
	if (!stream->pos && stream->state == HTTP_START && sock->requests == egress)
		http_begin_preface(skb, from, left, egress);
	if (stream->state == HTTP_PREFACE)
		return take_preface(stream, left);
	if (stream->state == HTTP_START) {
		taken = http_take_whole(skb, from, left, egress);
		if (taken)
			return taken;
	}
	result = http_take_lines(skb, from, left, egress);
	if (!result)
		result = http_take_piece(skb, from, left, egress);
	taken = result & 0xffff;
	step = result >> 16;
	if (step == STEP_OFF && may_begin_later(sock))
		return http_doubt(skb, from, left, egress);
	if (step >= STEP_OFF) {
		leave(sock, left, step, stream->message != 0);
		return 0;
	}
	if (sock->requests == egress && (step == STEP_LINE || stream->state == HTTP_METHOD || stream->state == HTTP_TARGET))
		keep_line(skb, sock, stream, from, taken, step == STEP_LINE);
	stream->pos += taken;
	if (step == STEP_END)
		on_message_over(skb, sock, stream, egress);
	return taken;
}

/* Hands out a response whose head is over and whose body is not; notes what was not looked through. */
__attribute__((noinline)) int http_leave_packet(struct __sk_buff *skb, __u32 left, __u32 egress)
{
	struct http_stream *stream;
	struct http_sock *sock = sock_in(&http_socks, skb);

	if (!sock || sock->off)
		return 0;
	stream = stream_of(sock, egress);
	if (left) {
		/* More small chunks than one packet is looked through for: the stream is found again where a packet begins a head. */
		count_loss_in(&flow_losses, LOSS_HTTP_LOST_TRACK, left);
		stream->pos += left;
		stream->state = HTTP_LOST;
	}
	if (sock->requests == egress && stream->line_waits)
		http_emit_line(skb, 0);
	if (sock->requests != egress && (stream->flags & (MESSAGE_HEAD_OVER | MESSAGE_HEAD_OUT)) == MESSAGE_HEAD_OVER)
		http_emit_response(skb, 0);
	return 0;
}

/* Goes through the payload of one segment that continues the stream. */
__attribute__((noinline)) int http_take_payload(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress)
{
	__u32 taken;
	int i;

	for (i = 0; i < MAX_STEPS && left; i++) {
		taken = http_take_step(skb, from, left, egress);
		if (!taken || taken > left)
			break;
		from += taken;
		left -= taken;
	}
	return http_leave_packet(skb, left, egress);
}

static __always_inline void find_stream(struct __sk_buff *skb, struct http_sock *sock, __u32 egress, __u32 from, __u32 left)
{
	struct http_stream *stream = stream_of(sock, egress);
	struct http_stream *requests = stream_of(sock, sock->requests);
	int is_request = sock->requests == egress;

	if (!begins_head(skb, from, left, is_request))
		return;
	stream->state = HTTP_START;
	stream->flags = 0;
	/* A response that is found again answers the newest request; a request that is found again is not older than what was
	 * answered meanwhile, or it and all that follow would be taken for their predecessors. */
	if (!is_request)
		stream->message = requests->message ? requests->message - (requests->state == HTTP_START) : 0;
	else if ((__s32)(stream_of(sock, !egress)->message - stream->message) > 0)
		stream->message = stream_of(sock, !egress)->message;
}

/* A packet in which no head begins. */
static __always_inline void pass(struct http_sock *sock, struct http_stream *stream, __u32 left)
{
	stream->pos += left;
	if (stream->tries && may_begin_later(sock) && ++stream->tries > PREFACE_TRIES)
		give_up(sock, left);
}

static __always_inline int take_busy(struct http_sock *sock, struct http_stream *stream)
{
	int mine;

	bpf_spin_lock(&sock->lock);
	mine = !stream->busy;
	stream->busy = 1;
	bpf_spin_unlock(&sock->lock);
	return mine;
}

/* Takes what has waited for this segment. Another CPU may keep one while this one is leaving, so it looks once more. */
static __always_inline void release(struct __sk_buff *skb, struct http_sock *sock, struct http_stream *stream, __u32 egress)
{
	int round, i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < EARLY_SEGMENTS && stream->early; i++) {
			if (!http_take_early(skb, egress))
				break;
		}
		stream->busy = 0;
		if (!stream->early || !find_early(&http_early, sock, stream->next, egress) || !take_busy(sock, stream))
			return;
	}
	stream->busy = 0;
}

/* With a window in which the head may be read whole, or null. */
static __always_inline void take_segment(struct __sk_buff *skb, struct http_sock *sock, struct http_stream *stream,
                                         const struct segment *segment, __u32 egress, struct http_window *window)
{
	__u32 taken = window ? take_whole_in(window, FIRST_WINDOW, skb, sock, stream, segment, egress) : 0;

	if (taken < segment->left || stream->state != HTTP_START)
		http_take_payload(skb, segment->from + taken, segment->left - taken, egress);
}

/* One TCP packet of a socket of this host. */
__attribute__((noinline)) int http_on_segment(struct __sk_buff *skb, __u32 egress)
{
	struct bpf_sock *sk = full_sock(skb);
	struct http_window *window;
	struct http_stream *stream;
	struct segment segment;
	struct http_sock *sock;
	enum place placed;
	int is_claimed;
	__u32 gap = 0;

	if (!sk)
		return 0;
	if (read_segment(skb, &segment))
		return 0;
	if (sk->state == TCP_LISTEN)
		return egress ? 0 : http_keep_for_child(skb, segment.from, segment.left, segment.seq);
	sock = bpf_sk_storage_get(&http_socks, sk, 0, 0);
	if (!sock)
		sock = new_sock(skb, sk);
	if (!sock || sock->off)
		return 0;
	/* A client that sends with its SYN does not know yet where the server's numbers begin. */
	if (!sock->streams[0].started && !sock->adopted && sk->state != TCP_SYN_SENT)
		start_ingress(skb, stream_of(sock, 0), sk);
	window = window_in(&http_windows, FIRST_WINDOW);
	if (!window)
		return 0;
	stream = stream_of(sock, egress);
	bpf_spin_lock(&sock->lock);
	placed = place(stream, &segment, &gap);
	is_claimed = placed == PLACE_TAKE && claim_first(window);
	bpf_spin_unlock(&sock->lock);
	if (gap)
		count_loss_in(&flow_losses, LOSS_HTTP_LOST_TRACK, gap);
	if (placed == PLACE_NOTHING)
		return 0;
	if (placed == PLACE_KEEP) {
		if (!http_keep_early(skb, segment.from, segment.left, segment.seq, egress))
			keep_none(sock, stream);
		if (!take_busy(sock, stream))
			return 0;
	} else {
		if (stream->state == HTTP_LOST)
			find_stream(skb, sock, egress, segment.from, segment.left);
		if (stream->state == HTTP_LOST)
			pass(sock, stream, segment.left);
		else
			take_segment(skb, sock, stream, &segment, egress, is_claimed ? window : 0);
	}
	if (is_claimed)
		release_first(window);
	release(skb, sock, stream, egress);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

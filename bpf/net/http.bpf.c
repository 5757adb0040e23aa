// SPDX-License-Identifier: GPL-2.0
/*
 * HTTP at the packet. State lives in socket storage; a head is read a piece at a time by a function that the verifier checks
 * once, a body is skipped by its length. Whatever system call sent it, and whether or not a program has read it, it passes here.
 */
#include "http_fast.h"

#define MAX_STEPS 2048 /* pieces and bodies of one packet: a 64 KiB packet of heads is 2,048 pieces */

extern struct tcp_conns_map tcp_conns SEC(".maps");
extern struct flow_events_map flow_events SEC(".maps");
extern struct flow_losses_map flow_losses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct http_sock);
} http_socks SEC(".maps");

/* Puts the wire types into the object's BTF, where the layout test reads them. */
const struct http_line *wire_http_line;
const struct http_head *wire_http_head;
const struct http_end *wire_http_end;

static __always_inline struct bpf_sock *full_sock(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	return sk ? bpf_sk_fullsock(sk) : 0;
}

/* A count from 1 to most, a power of two, in a form in which the verifier sees it: the compiler drops a mask that it can prove. */
static __always_inline __u32 bounded(__u32 count, __u32 most)
{
	__u64 less = count - 1;

	asm volatile("%0 &= %1" : "+r"(less) : "i"(most - 1));
	return less + 1;
}

/* The state that a packet's socket has; null before its first segment. Map values do not cross global functions on 5.10. */
static __always_inline struct http_sock *sock_of(struct __sk_buff *skb)
{
	struct bpf_sock *sk = full_sock(skb);

	return sk ? bpf_sk_storage_get(&http_socks, sk, 0, 0) : 0;
}

static __always_inline struct http_stream *stream_of(struct http_sock *sock, __u32 egress)
{
	return egress ? &sock->streams[1] : &sock->streams[0];
}

static __always_inline __u8 adopted_flag(struct http_sock *sock)
{
	return sock->adopted ? HTTP_ADOPTED : 0;
}

/* Takes up to one piece of the payload, up to the end of a line, head or message. Returns the bytes taken in the low half and
 * the step in the high half. A function of its own so that its loop is verified once. */
__attribute__((noinline)) int http_take_piece(struct __sk_buff *skb, __u32 from, __u32 count, __u32 egress)
{
	struct http_stream *stream;
	struct http_sock *sock = sock_of(skb);
	__u8 piece[HTTP_STEP];
	int is_request, step;
	__u32 i;

	if (!sock)
		return STEP_OFF << 16;
	stream = stream_of(sock, egress);
	is_request = sock->requests == egress;
	if (count == 0)
		return STEP_OFF << 16;
	count = bounded(count > HTTP_STEP ? HTTP_STEP : count, HTTP_STEP);
	if (bpf_skb_load_bytes(skb, from, piece, count))
		return STEP_OFF << 16;
	for (i = 0; i < HTTP_STEP; i++) {
		if (i >= count)
			break;
		step = take_byte(sock, stream, piece[i], i, is_request);
		if (step)
			return (i + 1) | step << 16;
	}
	return count;
}

/* A request line whose end is in reach: its last word must be the version. */
static __always_inline int end_target(struct __sk_buff *skb, struct http_stream *stream, __u32 from, __u32 length)
{
	__u64 version;

	if (bpf_skb_load_bytes(skb, from + length - 10, &version, sizeof(version)))
		return 0;
	if ((version & SEVEN_BYTES) != WORD_HTTP)
		return 0; /* without CR, or not HTTP: the bytes tell */
	stream->line += length - 2;
	begin_header(stream);
	return length | STEP_LINE << 16;
}

/* One line that nobody needs to look into, or what is there of it. Returns its bytes, 0 when they must be seen. */
static __always_inline __u32 fast_line(struct http_stream *stream, const __u64 words[FAST_WORDS], __u32 have)
{
	__u32 length = line_length(words, have);
	__u8 first = words[0];

	if (stream->state == HTTP_START) {
		if (fast_status(stream, words))
			return 0;
		begin_message(stream, 0);
	} else if (stream->state == HTTP_NAME && (first == '\r' || first == '\n' || is_interesting(words))) {
		return 0;
	}
	if (length) {
		begin_header(stream);
		return length;
	}
	/* What is left of a long line, be it a reason, is as good as a header's value. */
	stream->header = HEADER_OTHER;
	stream->state = HTTP_VALUE;
	return have;
}

/* Takes lines that nobody needs to look into. Returns like http_take_piece, 0 when the bytes must be seen. */
__attribute__((noinline)) int http_take_lines(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress)
{
	struct bpf_sock *sk = full_sock(skb);
	__u64 words[FAST_WORDS] = {};
	struct http_stream *stream;
	struct http_sock *sock;
	__u32 have, length, taken = 0;
	int i;

	if (!sk || left < FAST_NAME)
		return 0;
	sock = bpf_sk_storage_get(&http_socks, sk, 0, 0);
	if (!sock)
		return 0;
	stream = stream_of(sock, egress);
	if (stream->state == HTTP_START && sock->requests == egress)
		return 0;
	if (stream->state == HTTP_NAME && stream->line)
		return 0;
	if (stream->state == HTTP_VALUE && stream->header != HEADER_OTHER)
		return 0;
	if (stream->state > HTTP_VALUE || stream->state == HTTP_METHOD || stream->state == HTTP_STATUS)
		return 0;
	for (i = 0; i < FAST_LINES && left >= FAST_NAME; i++) {
		have = bounded(left > sizeof(words) ? sizeof(words) : left, sizeof(words));
		if (bpf_skb_load_bytes(skb, from, words, have))
			return 0;
		if (stream->state == HTTP_TARGET) {
			length = line_length(words, have);
			return length > 10 ? end_target(skb, stream, from, length) : 0;
		}
		length = fast_line(stream, words, have);
		if (!length || length > left)
			break;
		/* The next line may begin a message's end: its position counts from here. */
		from += length;
		left -= length;
		taken += length;
	}
	return taken;
}

/* Hands out what waits of a request's start line. */
__attribute__((noinline)) int http_emit_line(struct __sk_buff *skb, __u32 complete)
{
	struct http_stream *stream;
	struct http_sock *sock = sock_of(skb);
	struct http_line *line;
	__u32 count;

	if (!sock)
		return 0;
	stream = stream_of(sock, sock->requests);
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
	line->conn = sock->conn;
	line->begun_ns = stream->begun_ns;
	line->pos = stream->begun_pos;
	line->message = stream->message;
	line->offset = stream->offset;
	line->length = count;
	line->flags = (complete ? HTTP_COMPLETE : 0) | adopted_flag(sock);
	__builtin_memset(line->pad, 0, sizeof(line->pad));
	if (bpf_skb_load_bytes(skb, stream->line_from, line->bytes, count))
		line->length = 0;
	stream->offset += count;
	bpf_ringbuf_submit(line, ring_wake_flag(&flow_events));
	return 0;
}

static __always_inline __u8 request_flags(struct http_sock *sock, __u32 message)
{
	struct http_stream *requests = stream_of(sock, sock->requests);

	return requests->message == message + 1 && requests->state == HTTP_START ? HTTP_REQUEST_OVER : 0;
}

/* Hands out the response that the other direction's stream is in, with who it belongs to: by now its server has accepted. */
__attribute__((noinline)) int http_emit_head(struct __sk_buff *skb, __u32 over)
{
	struct bpf_sock *sk = full_sock(skb);
	struct http_stream *stream;
	struct http_sock *sock;
	struct tcp_conn *conn;
	struct http_head *head;
	__u64 key;

	if (!sk)
		return 0;
	sock = bpf_sk_storage_get(&http_socks, sk, 0, 0);
	if (!sock)
		return 0;
	stream = stream_of(sock, !sock->requests);
	key = address_of(sk);
	conn = bpf_map_lookup_elem(&tcp_conns, &key);
	if (!conn || conn->id != sock->conn)
		return 0;
	head = bpf_ringbuf_reserve(&flow_events, sizeof(*head), 0);
	if (!head) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, 0);
		return 0;
	}
	__builtin_memset(head, 0, sizeof(*head));
	head->conn = sock->conn;
	head->begun_ns = stream->begun_ns;
	head->pos = stream->begun_pos;
	head->end = stream->pos;
	head->request_pos = stream_of(sock, sock->requests)->pos;
	head->message = stream->message;
	head->status = stream->status;
	head->minor = stream->minor;
	head->flags = (over ? HTTP_COMPLETE : 0) | request_flags(sock, stream->message) | adopted_flag(sock);
	__builtin_memcpy(head->saddr, conn->saddr, 16);
	__builtin_memcpy(head->daddr, conn->daddr, 16);
	head->sport = conn->sport;
	head->dport = conn->dport;
	head->netns = conn->netns;
	head->direction = conn->direction;
	head->tgid = conn->owner.tgid;
	__builtin_memcpy(head->comm, conn->owner.comm, sizeof(head->comm));
	bpf_ringbuf_submit(head, ring_wake_flag(&flow_events));
	return 0;
}

static __always_inline void emit_end(struct http_sock *sock, struct http_stream *stream)
{
	struct http_end *end = bpf_ringbuf_reserve(&flow_events, sizeof(*end), 0);

	if (!end) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, 0);
		return;
	}
	__builtin_memset(end, 0, sizeof(*end));
	end->conn = sock->conn;
	end->end = stream->pos;
	end->request_pos = stream_of(sock, sock->requests)->pos;
	end->message = stream->message;
	end->flags = request_flags(sock, stream->message) | HTTP_COMPLETE;
	bpf_ringbuf_submit(end, ring_wake_flag(&flow_events));
}

static __always_inline void on_message_over(struct __sk_buff *skb, struct http_sock *sock, struct http_stream *stream,
                                            __u32 egress)
{
	if (sock->requests != egress) {
		if (stream->flags & MESSAGE_HEAD_OUT)
			emit_end(sock, stream);
		else
			http_emit_head(skb, 1);
	}
	stream->message++;
	stream->flags = 0;
}

/* Takes what a body still owes from the packet; returns how much that was. */
static __always_inline __u32 skip_body(struct http_stream *stream, __u32 left)
{
	__u32 taken = left;

	if (stream->state == HTTP_UNTIL_CLOSE)
		return left;
	if (stream->remaining < left)
		taken = stream->remaining;
	stream->remaining -= taken;
	return taken;
}

static __always_inline int in_body(struct http_stream *stream)
{
	return stream->state == HTTP_BODY || stream->state == HTTP_CHUNK || stream->state == HTTP_UNTIL_CLOSE;
}

static __always_inline void leave(struct http_sock *sock, __u32 left, int is_loss)
{
	if (is_loss)
		count_loss_in(&flow_losses, LOSS_HTTP_BROKEN, left);
	sock->off = 1;
}

static __always_inline __u32 step_over_body(struct __sk_buff *skb, struct http_sock *sock, __u32 left, __u32 egress)
{
	struct http_stream *stream = stream_of(sock, egress);
	__u32 taken = skip_body(stream, left);

	stream->pos += taken;
	if (stream->state == HTTP_BODY && !stream->remaining) {
		stream->state = HTTP_START;
		on_message_over(skb, sock, stream, egress);
	} else if (stream->state == HTTP_CHUNK && !stream->remaining) {
		stream->state = HTTP_CHUNK_SIZE;
	}
	return taken;
}

/* Bytes of a start line wait in the packet until a record is full, the line is over, or the packet is. */
static __always_inline void keep_line(struct __sk_buff *skb, struct http_sock *sock, struct http_stream *stream, __u32 from,
                                      __u32 taken, int is_over)
{
	if (stream->line > HTTP_MAX_LINE) {
		leave(sock, taken, 1);
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

/* Takes one body's share or one piece of a head; returns how many bytes that was. Verified once, called in a loop. */
__attribute__((noinline)) int http_take_step(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress)
{
	struct http_stream *stream;
	struct http_sock *sock = sock_of(skb);
	__u32 taken;
	int result, step;

	if (!sock || sock->off)
		return 0;
	stream = stream_of(sock, egress);
	if (in_body(stream))
		return step_over_body(skb, sock, left, egress);
	result = http_take_lines(skb, from, left, egress);
	if (!result)
		result = http_take_piece(skb, from, left, egress);
	taken = result & 0xffff;
	step = result >> 16;
	if (step == STEP_OFF || step == STEP_BAD) {
		/* What never was HTTP is no loss. */
		leave(sock, left, step == STEP_BAD || stream->message);
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
	struct http_sock *sock = sock_of(skb);

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
	if (sock->requests != egress && stream->flags & MESSAGE_HEAD_OVER && !(stream->flags & MESSAGE_HEAD_OUT)) {
		http_emit_head(skb, 0);
		stream->flags |= MESSAGE_HEAD_OUT;
	}
	return 0;
}

/* Goes through the payload of one packet that continues the stream. */
static __always_inline void take_payload(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress)
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
	http_leave_packet(skb, left, egress);
}

/* A packet that may begin a head, after the stream was lost or where it was never known. */
static __always_inline int begins_head(struct __sk_buff *skb, __u32 from, __u32 left, int is_request)
{
	__u8 first[8];
	int i;

	if (left < sizeof(first) || bpf_skb_load_bytes(skb, from, first, sizeof(first)))
		return 0;
	if (!is_request)
		return *(__u32 *)first == 0x50545448 /* HTTP, as a little-endian number */;
	for (i = 0; i < 8; i++) {
		if (first[i] == ' ')
			return i > 2;
		if (first[i] < 'A' || first[i] > 'Z')
			return 0;
	}
	return 0;
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
	/* A response that is found again answers the newest request. */
	if (!is_request)
		stream->message = requests->message ? requests->message - (requests->state == HTTP_START) : 0;
}

static __always_inline struct http_sock *new_sock(struct bpf_sock *sk)
{
	__u64 key = address_of(sk);
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &key);
	struct http_sock *sock;

	if (!conn)
		return 0;
	sock = bpf_sk_storage_get(&http_socks, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!sock)
		return 0;
	sock->conn = conn->id;
	sock->requests = conn->direction == FLOW_OUTGOING;
	sock->adopted = conn->adopted;
	if (!sock->adopted)
		sock->streams[0].state = sock->streams[1].state = HTTP_START;
	return sock;
}

struct tcp_head {
	__be16 sport;
	__be16 dport;
	__be32 seq;
	__be32 ack;
	__u8 words;
	__u8 flags;
};

#define TCP_FLAG_SYN 2

/* Where the TCP header begins; 0 for what is not looked into (IPv6 extension headers carry no HTTP on any network seen). */
static __always_inline __u32 transport_offset(struct __sk_buff *skb)
{
	__u8 first;

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return 40;
	return bpf_skb_load_bytes(skb, 0, &first, 1) ? 0 : (first & 15) * 4;
}

/* Where one packet's payload is, and where it stands in its stream. */
struct segment {
	__u32 seq;
	__u32 from;
	__u32 left;
};

static __always_inline int read_segment(struct __sk_buff *skb, struct segment *segment)
{
	struct tcp_head tcp;
	__u32 at = transport_offset(skb);

	if (!at || bpf_skb_load_bytes(skb, at, &tcp, sizeof(tcp)))
		return -1;
	segment->seq = bpf_ntohl(tcp.seq);
	segment->from = at + (tcp.words >> 4) * 4;
	if (skb->len <= segment->from || tcp.flags & TCP_FLAG_SYN)
		return -1;
	segment->left = skb->len - segment->from;
	return 0;
}

/* Puts a packet in its place, under the lock, and takes bodies without looking at them. Returns whether there is a head to look
 * for; then the stream is busy until it is released. */
static __always_inline int place(struct http_stream *stream, struct segment *segment, __u32 *gap)
{
	__s32 ahead;

	/* Another CPU is taking a packet of this stream, and this one is behind or in front of it: the gap that it leaves, if it
	 * is none in a body, shows with the next packet. */
	if (stream->busy)
		return 0;
	if (!stream->started) {
		stream->started = 1;
		stream->next = segment->seq;
	}
	ahead = segment->seq - stream->next;
	if (ahead < 0) {
		if (-ahead >= (__s32)segment->left)
			return 0; /* a retransmission */
		segment->from += -ahead;
		segment->left -= -ahead;
		ahead = 0;
	}
	if (ahead > 0) {
		if (in_body(stream) && (stream->state == HTTP_UNTIL_CLOSE || stream->remaining >= ahead)) {
			if (stream->state != HTTP_UNTIL_CLOSE)
				stream->remaining -= ahead;
		} else if (stream->state != HTTP_LOST) {
			stream->state = HTTP_LOST;
			*gap = ahead;
		}
	}
	stream->pos += ahead;
	stream->next += ahead + segment->left;
	if (stream->state == HTTP_UNTIL_CLOSE || (in_body(stream) && stream->remaining > segment->left)) {
		if (stream->state != HTTP_UNTIL_CLOSE)
			stream->remaining -= segment->left;
		stream->pos += segment->left;
		return 0;
	}
	stream->busy = 1;
	return 1;
}

/* One TCP packet of a socket of this host. */
__attribute__((noinline)) int http_on_segment(struct __sk_buff *skb, __u32 egress)
{
	struct bpf_sock *sk = full_sock(skb);
	struct http_stream *stream;
	struct segment segment;
	struct http_sock *sock;
	__u32 gap = 0;
	int wanted;

	if (!sk)
		return 0;
	if (read_segment(skb, &segment))
		return 0;
	sock = bpf_sk_storage_get(&http_socks, sk, 0, 0);
	if (!sock)
		sock = new_sock(sk);
	if (!sock || sock->off)
		return 0;
	stream = stream_of(sock, egress);
	bpf_spin_lock(&sock->lock);
	wanted = place(stream, &segment, &gap);
	bpf_spin_unlock(&sock->lock);
	if (gap)
		count_loss_in(&flow_losses, LOSS_HTTP_LOST_TRACK, gap);
	if (!wanted)
		return 0;
	if (stream->state == HTTP_LOST)
		find_stream(skb, sock, egress, segment.from, segment.left);
	if (stream->state == HTTP_LOST)
		stream->pos += segment.left;
	else
		take_payload(skb, segment.from, segment.left, egress);
	stream->busy = 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

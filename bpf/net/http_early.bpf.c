// SPDX-License-Identifier: GPL-2.0
/* Keeps segments that come before their turn, or before their socket. */
#include "http_early.h"
#include "http_head.h"
#include "http_segment.h"

#define FOR_CHILD 2 /* in the place of a direction: waits for the socket that a listener is about to make */
#define COPIES 4    /* of each CPU: a packet may interrupt the work on another one */

extern struct tcp_conns_map tcp_conns SEC(".maps");
extern struct http_socks_map http_socks SEC(".maps");
extern struct http_early_map http_early SEC(".maps");

/* Where a segment is copied on its way into the table. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COPIES);
	__type(key, __u32);
	__type(value, struct http_early);
} http_copies SEC(".maps");

/* Returns 1 when the segment waits in the table. */
static __always_inline int keep(struct __sk_buff *skb, struct http_early_key *key, __u64 conn, __u32 from, __u32 left)
{
	struct http_early *copy = 0;
	int is_kept = 0;
	__u32 slot;

	for (slot = 0; slot < COPIES; slot++) {
		__u32 index = slot;

		copy = bpf_map_lookup_elem(&http_copies, &index);
		if (copy && !copy->busy)
			break;
	}
	if (!copy || copy->busy)
		return 0;
	copy->busy = 1;
	copy->conn = conn;
	copy->arrived_ns = bpf_ktime_get_ns();
	copy->length = left;
	if (!bpf_skb_load_bytes(skb, from, copy->bytes, bounded(left, EARLY_BYTES)))
		is_kept = !bpf_map_update_elem(&http_early, key, copy, BPF_ANY);
	copy->busy = 0;
	return is_kept;
}

/* Puts a segment away until its turn has come; returns 1 when it is. What cannot be put away is missed when its turn has. */
__attribute__((noinline)) int http_keep_early(struct __sk_buff *skb, __u32 from, __u32 left, __u32 seq, __u32 egress)
{
	struct http_sock *sock = sock_in(&http_socks, skb);
	struct http_early_key key = {.seq = seq, .egress = egress};

	if (!sock || left == 0 || left > EARLY_BYTES)
		return 0;
	key.key = sock->key;
	return keep(skb, &key, sock->conn, from, left);
}

/* Takes the kept segment whose turn it is; 0 when there is none. The stream is busy, and this CPU made it so. */
__attribute__((noinline)) int http_take_early(struct __sk_buff *skb, __u32 egress)
{
	struct http_sock *sock = sock_in(&http_socks, skb);
	struct http_early_key key = {.egress = egress};
	struct http_stream *stream;
	struct http_early *early;
	__u32 left;

	if (!sock)
		return 0;
	stream = stream_of(sock, egress);
	early = find_early(&http_early, sock, stream->next, egress);
	if (!early)
		return 0;
	left = early->length;
	key.key = sock->key;
	key.seq = stream->next;
	bpf_spin_lock(&sock->lock);
	stream->next += left;
	if (stream->early)
		stream->early--;
	bpf_spin_unlock(&sock->lock);
	stream->early_seq = key.seq;
	stream->early_ns = early->arrived_ns;
	stream->from_early = 1;
	http_take_payload(skb, 0, left, egress);
	stream->from_early = 0;
	bpf_map_delete_elem(&http_early, &key);
	return 1;
}

/* The peer and both ports as a number: with the sequence number beside it, it names a connection well enough. */
static __always_inline __u64 child_key(const __u32 peer[4], __u16 local, __u16 remote)
{
	return (__u64)(peer[0] ^ peer[1] ^ peer[2] ^ peer[3]) << 32 | (__u32)local << 16 | remote;
}

/* The packet that completes a handshake and has data (TCP_DEFER_ACCEPT, or a lost ACK) passes with the listener's socket, as does a SYN with
 * data (TCP Fast Open). */
__attribute__((noinline)) int http_keep_for_child(struct __sk_buff *skb, __u32 from, __u32 left, __u32 seq)
{
	struct http_early_key key = {.seq = seq, .egress = FOR_CHILD};
	__u32 peer[4] = {0, 0, bpf_htonl(0xffff), 0};
	__u32 at = transport_offset(skb, IPPROTO_TCP);
	__be16 ports[2];

	if (left == 0 || left > EARLY_BYTES || !at)
		return 0;
	if (skb->protocol == bpf_htons(ETH_P_IP) ? bpf_skb_load_bytes(skb, 12, &peer[3], 4)
	                                         : bpf_skb_load_bytes(skb, 8, peer, 16))
		return 0;
	if (bpf_skb_load_bytes(skb, at, ports, sizeof(ports)))
		return 0;
	key.key = child_key(peer, bpf_ntohs(ports[1]), bpf_ntohs(ports[0]));
	return keep(skb, &key, 0, from, left);
}

/* Takes what was kept for a socket that has just been seen for the first time, when that is all that it received. */
__attribute__((noinline)) int http_inherit(struct __sk_buff *skb, __u32 received)
{
	struct http_early_key parent = {.egress = FOR_CHILD}, own = {};
	struct http_sock *sock = sock_in(&http_socks, skb);
	struct http_stream *stream;
	struct http_early *early;
	struct tcp_conn *conn;
	__u32 peer[4];

	if (!sock)
		return 0;
	stream = stream_of(sock, 0);
	conn = bpf_map_lookup_elem(&tcp_conns, &sock->key);
	if (!conn)
		return 0;
	__builtin_memcpy(peer, conn->daddr, sizeof(peer));
	parent.key = child_key(peer, conn->sport, conn->dport);
	parent.seq = own.seq = stream->next;
	own.key = sock->key;
	early = bpf_map_lookup_elem(&http_early, &parent);
	if (!early || early->length != received)
		return 0;
	early->conn = sock->conn;
	if (bpf_map_update_elem(&http_early, &own, early, BPF_ANY))
		return 0;
	bpf_map_delete_elem(&http_early, &parent);
	stream->early = 1;
	stream->busy = 1;
	http_take_early(skb, 0);
	stream->busy = 0;
	return 1;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0
/*
 * TCP without a per-packet hook: identity is recorded when a socket changes state, the numbers are those that the kernel
 * keeps in tcp_sock anyway, read when the connection ends and, for open connections, by an iterator at every sweep.
 */
#include "http_state.h"
#include "tcp.h"

struct tcp_conns_map tcp_conns SEC(".maps");
struct listeners_map listeners SEC(".maps");
struct flow_events_map flow_events SEC(".maps");
struct flow_losses_map flow_losses SEC(".maps");
struct flow_control_map flow_control SEC(".maps");
struct http_socks_map http_socks SEC(".maps");

/* Puts the wire types into the object's BTF, where the layout test reads them. */
const struct flow_event *wire_flow_event;
const enum flow_loss *wire_flow_loss;

static __always_inline struct owner *listener_of(struct tcp_conn *conn)
{
	struct listener_key key = {.netns = conn->netns, .port = conn->sport};

	return bpf_map_lookup_elem(&listeners, &key);
}

static __always_inline void remember_listener(struct sock *sk, struct task_struct *task)
{
	struct listener_key key = {.netns = netns_of(sk), .port = BPF_CORE_READ(sk, __sk_common.skc_num)};
	struct owner owner = {};

	set_owner(&owner, task, OWNER_LISTENER);
	if (bpf_map_update_elem(&listeners, &key, &owner, BPF_ANY))
		count_loss_in(&flow_losses, LOSS_LISTENERS_FULL, 0);
}

static __always_inline void on_connecting(struct sock *sk, __u64 key)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct tcp_conn conn = {.id = new_flow_id(), .direction = FLOW_OUTGOING};

	/* A socket that was connected before keeps its counters until it is disconnected. */
	conn.base_tx = BPF_CORE_READ(tp, bytes_acked) + 1 /* SYN */;
	conn.base_rx = BPF_CORE_READ(tp, bytes_received);
	set_owner_current(&conn.owner, OWNER_EXACT);
	/* A full table is counted when the connection is established: most failed connects never get there. */
	bpf_map_update_elem(&tcp_conns, &key, &conn, BPF_ANY);
}

static __always_inline void on_established(struct sock *sk, __u64 key, int old_state)
{
	struct tcp_conn *known = bpf_map_lookup_elem(&tcp_conns, &key);
	struct tcp_conn conn = {};
	struct owner *listener;

	if (known && !known->established) {
		fill_tuple(known, sk);
		known->established = 1;
		return;
	}
	conn.id = new_flow_id();
	conn.established = 1;
	conn.direction = old_state == TCP_SYN_RECV ? FLOW_INCOMING : FLOW_OUTGOING;
	conn.base_tx = conn.direction == FLOW_OUTGOING; /* its SYN */
	fill_tuple(&conn, sk);
	if (conn.direction == FLOW_INCOMING) {
		listener = listener_of(&conn);
		if (listener)
			conn.owner = *listener;
	}
	if (bpf_map_update_elem(&tcp_conns, &key, &conn, BPF_ANY))
		count_loss_in(&flow_losses, LOSS_TCP_TABLE_FULL, 0);
	else if (conn.owner.rank < OWNER_HOLDER)
		count_unsure_in(&flow_control, 1);
}

static __always_inline void fill_event(struct flow_event *event, struct tcp_conn *conn, struct sock *sk, int state)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;

	__builtin_memset(event, 0, sizeof(*event));
	event->id = conn->id;
	event->tx_bytes = bytes_sent(tp, state) - conn->base_tx;
	event->rx_bytes = bytes_received(sk, tp) - conn->base_rx;
	event->retransmits = BPF_CORE_READ(tp, total_retrans) - conn->base_retransmits;
	event->rtt_us = BPF_CORE_READ(tp, srtt_us) >> 3;
	event->rtt_var_us = event->rtt_us ? BPF_CORE_READ(tp, mdev_us) >> 2 : 0;
	__builtin_memcpy(event->saddr, conn->saddr, 16);
	__builtin_memcpy(event->daddr, conn->daddr, 16);
	__builtin_memcpy(event->nat_addr, conn->nat_addr, 16);
	event->nat_port = conn->nat_port;
	event->sport = conn->sport;
	event->dport = conn->dport;
	event->netns = conn->netns;
	event->transport = IPPROTO_TCP;
	event->direction = conn->direction;
	event->tgid = conn->owner.tgid;
	event->owner_rank = conn->owner.rank;
	__builtin_memcpy(event->comm, conn->owner.comm, sizeof(event->comm));
}

static __always_inline __u8 closed_flags(const struct tcp_conn *conn)
{
	return FLOW_CLOSED | (conn->http_asked != conn->http_told ? FLOW_UNANSWERED : 0);
}

/* A request that still waits for its answer. */
static __always_inline __u8 waiting_flag(struct sock *sk)
{
	struct http_sock *http;

	if (!storage_is_traceable())
		return 0;
	http = bpf_sk_storage_get(&http_socks, sk, 0, 0);
	return http && http->asked.length ? FLOW_UNANSWERED : 0;
}

/* What no sweep has shown yet. Before the first sweep everything since the base is; control flags blur it by two. */
static __always_inline __u64 unreported_bytes(struct tcp_conn *conn, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	__u64 sent = sequence_sent(tp) - (conn->reported ? conn->swept_sequence : conn->base_tx);

	return sent + BPF_CORE_READ(tp, bytes_received) - (conn->reported ? conn->swept_received : conn->base_rx);
}

static __always_inline void on_closed(struct sock *sk, __u64 key, int old_state)
{
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &key);
	struct flow_event *event;

	if (!conn)
		return;
	if (!conn->established) {
		bpf_map_delete_elem(&tcp_conns, &key);
		return;
	}
	if (conn->owner.rank < OWNER_HOLDER)
		count_unsure_in(&flow_control, -1);
	event = bpf_ringbuf_reserve(&flow_events, sizeof(*event), 0);
	if (!event) {
		count_loss_in(&flow_losses, LOSS_RING_FULL, unreported_bytes(conn, sk));
		bpf_map_delete_elem(&tcp_conns, &key);
		return;
	}
	fill_event(event, conn, sk, old_state);
	event->flags = closed_flags(conn) | waiting_flag(sk);
	/* Deleted before it is submitted: once user space has this record no sweep can show the connection again. */
	bpf_map_delete_elem(&tcp_conns, &key);
	bpf_ringbuf_submit(event, ring_wake_flag(&flow_events));
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_on_state, struct sock *sk, int old_state, int new_state)
{
	__u64 key = (__u64)sk;

	if (new_state != TCP_ESTABLISHED && new_state != TCP_CLOSE && new_state != TCP_SYN_SENT && new_state != TCP_LISTEN)
		return 0;
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP || !is_inet(sk))
		return 0;
	if (new_state == TCP_SYN_SENT)
		on_connecting(sk, key);
	else if (new_state == TCP_ESTABLISHED)
		on_established(sk, key, old_state);
	else if (new_state == TCP_CLOSE)
		on_closed(sk, key, old_state);
	else
		remember_listener(sk, (struct task_struct *)bpf_get_current_task());
	return 0;
}

/* The socket may have been freed while it was read, and its memory given to another connection: then the table says so. */
static __always_inline int still_tracked(__u64 key, __u64 id)
{
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &key);

	return conn && conn->id == id;
}

/* Writes what changed since the last sweep. Most connections of most hosts did not: they cost six reads. */
SEC("iter/bpf_map_elem")
int tcp_sweep(struct bpf_iter__bpf_map_elem *ctx)
{
	struct flow_control *control = control_in(&flow_control);
	struct tcp_conn *conn = ctx->value;
	__u64 *keyp = ctx->key;
	__u64 key, id, sequence, received;
	struct flow_event event;
	struct tcp_sock *tp;
	struct sock *sk;
	__u32 retransmits;
	int state;

	if (!conn || !keyp || !control || !conn->established)
		return 0;
	key = *keyp;
	id = conn->id;
	sk = (struct sock *)key;
	tp = (struct tcp_sock *)sk;
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	sequence = sequence_sent(tp);
	received = BPF_CORE_READ(tp, bytes_received);
	retransmits = BPF_CORE_READ(tp, total_retrans);
	if (conn->reported && !control->sweep_all && state != TCP_CLOSE && sequence == conn->swept_sequence &&
	    received == conn->swept_received && retransmits == conn->swept_retransmits)
		return 0;
	fill_event(&event, conn, sk, state);
	if (!still_tracked(key, id))
		return 0;
	/* The hook deletes before the state is stored: who is closed and still here closed while it was being adopted. */
	if (state == TCP_CLOSE)
		event.flags = closed_flags(conn);
	if (bpf_seq_write(ctx->meta->seq, &event, sizeof(event)))
		return 0; /* buffer full: the kernel hands out the buffer and calls again for this entry */
	if (state == TCP_CLOSE) {
		bpf_map_delete_elem(&tcp_conns, &key);
		return 0;
	}
	/* Counters that moved since they were read above make the next sweep write the connection again. */
	conn->reported = 1;
	conn->swept_sequence = sequence;
	conn->swept_received = received;
	conn->swept_retransmits = retransmits;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

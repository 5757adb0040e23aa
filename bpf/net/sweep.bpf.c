// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of what is open, at each flush: one walk over the table of each protocol, in three forms. What a flow's last record
 * does not say yet is written out; most flows of most hosts did not change, they cost a few reads.
 */
#include "tcp_event.h"

extern struct tcp_conns_map tcp_conns SEC(".maps");
extern struct udp_flows_map udp_flows SEC(".maps");
extern struct flow_control_map flow_control SEC(".maps");
extern struct flow_unsure_map flow_unsure SEC(".maps");
extern struct flow_losses_map flow_losses SEC(".maps");

struct flow_swept_map flow_swept SEC(".maps");

/* The socket's own counters as they were when its record was filled. */
struct tcp_counters {
	__u64 sequence;
	__u64 received;
	__u32 retransmits;
	int state;
};

static __always_inline void read_counters(struct tcp_counters *now, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;

	now->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	now->sequence = sequence_sent(tp);
	now->received = BPF_CORE_READ(tp, bytes_received);
	now->retransmits = BPF_CORE_READ(tp, total_retrans);
}

/* The socket may have been freed while it was read, and its memory given to another connection: then the table says so. */
static __always_inline int still_tracked(__u64 key, __u64 id)
{
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &key);

	return conn && conn->id == id;
}

/* Where no hook tells the end of every connection: whether this memory is still the socket of this connection. */
static __always_inline int has_gone(const struct tcp_conn *conn, struct sock *sk, int state)
{
	struct tcp_conn now = {};

	if (state == TCP_CLOSE || state == TCP_LISTEN || state == TCP_SYN_SENT || !is_inet(sk))
		return 1;
	fill_tuple(&now, sk);
	return now.sport != conn->sport || now.dport != conn->dport || now.netns != conn->netns ||
	       *(__u64 *)&now.daddr[8] != *(const __u64 *)&conn->daddr[8] || *(__u64 *)now.daddr != *(const __u64 *)conn->daddr;
}

/* Fills the record of a connection; 0 when there is nothing to tell. */
static __always_inline int tcp_take(struct flow_event *event, struct tcp_counters *now, struct tcp_conn *conn, __u64 key,
                                    const struct flow_control *control)
{
	struct sock *sk = (struct sock *)key;
	__u64 id = conn->id;
	int gone;

	if (!conn->established || conn->swept_in == control->sweep)
		return 0;
	read_counters(now, sk);
	gone = control->ends_unseen && has_gone(conn, sk, now->state);
	if (conn->reported && !control->sweep_all && !gone && now->state != TCP_CLOSE && now->sequence == conn->swept_sequence &&
	    now->received == conn->swept_received && now->retransmits == conn->swept_retransmits) {
		conn->swept_in = control->sweep;
		return 0;
	}
	fill_event(event, conn, sk, now->state);
	if (gone) {
		fill_last(event, conn);
		now->state = TCP_CLOSE;
	}
	if (!still_tracked(key, id))
		return 0;
	/* The hook deletes before the state is stored: who is closed and still here closed while it was being adopted. */
	if (now->state == TCP_CLOSE)
		event->flags = closed_flags(conn);
	return 1;
}

/* Counters that moved since they were read make the next sweep write the connection again. */
static __always_inline void tcp_taken(struct tcp_conn *conn, __u64 key, const struct tcp_counters *now, __u32 sweep)
{
	if (now->state == TCP_CLOSE) {
		if (conn->owner.rank < OWNER_HOLDER)
			count_unsure_in(&flow_unsure, -1);
		bpf_map_delete_elem(&tcp_conns, &key);
		return;
	}
	if (!conn->reported && is_in_sockmap((struct sock *)key))
		count_loss_in(&flow_losses, LOSS_TCP_IN_SOCKMAP, 0);
	conn->reported = 1;
	conn->swept_in = sweep;
	conn->swept_sequence = now->sequence;
	conn->swept_received = now->received;
	conn->swept_retransmits = now->retransmits;
}

/* The same of a UDP flow; one that has not changed for long ends. */
static __always_inline int udp_take(struct flow_event *event, __u64 now_ns, struct udp_flow *flow, const struct udp_key *key,
                                    const struct flow_control *control)
{
	int changed, idle;

	if (flow->swept_in == control->sweep)
		return 0;
	changed = !flow->reported || flow->tx_bytes != flow->reported_tx || flow->rx_bytes != flow->reported_rx;
	idle = !changed && now_ns - flow->changed_ns >= control->udp_idle_ns;
	if (!changed && !idle && !control->sweep_all) {
		flow->swept_in = control->sweep;
		return 0;
	}
	fill_udp_event(event, key, flow);
	if (idle)
		event->flags = FLOW_CLOSED;
	return 1;
}

static __always_inline void udp_taken(struct udp_flow *flow, const struct udp_key *key, const struct flow_event *event,
                                      __u64 now_ns, __u32 sweep)
{
	if (event->flags & FLOW_CLOSED) {
		struct udp_key ended = *key;

		bpf_map_delete_elem(&udp_flows, &ended);
		return;
	}
	if (!flow->reported || flow->reported_tx != event->tx_bytes || flow->reported_rx != event->rx_bytes)
		flow->changed_ns = now_ns;
	flow->reported = 1;
	flow->swept_in = sweep;
	flow->reported_tx = event->tx_bytes;
	flow->reported_rx = event->rx_bytes;
}

/* First form: the kernel's iterator over a map. It hands out the buffer when that is full and calls again for the same entry. */
SEC("iter/bpf_map_elem")
int tcp_sweep(struct bpf_iter__bpf_map_elem *ctx)
{
	struct flow_control *control = control_in(&flow_control);
	struct tcp_conn *conn = ctx->value;
	__u64 *key = ctx->key;
	struct tcp_counters now;
	struct flow_event event;

	if (!conn || !key || !control)
		return 0;
	if (tcp_take(&event, &now, conn, *key, control) && !bpf_seq_write(ctx->meta->seq, &event, sizeof(event)))
		tcp_taken(conn, *key, &now, control->sweep);
	return 0;
}

SEC("iter/bpf_map_elem")
int udp_sweep(struct bpf_iter__bpf_map_elem *ctx)
{
	struct flow_control *control = control_in(&flow_control);
	struct udp_flow *flow = ctx->value;
	struct udp_key *key = ctx->key;
	__u64 now_ns = bpf_ktime_get_ns();
	struct flow_event event;

	if (!flow || !key || !control)
		return 0;
	if (udp_take(&event, now_ns, flow, key, control) && !bpf_seq_write(ctx->meta->seq, &event, sizeof(event)))
		udp_taken(flow, key, &event, now_ns, control->sweep);
	return 0;
}

/*
 * Second and third form: programs that user space runs when it wants to, a syscall program (Linux 5.14) or one of a raw tracepoint. They
 * walk with a helper (5.13) and write to a ring. When that is full the walk stops and the program returns 1; user space empties the
 * ring and runs it again.
 */
struct walk {
	struct flow_control *control;
	int is_full;
};

static long tcp_visit(void *map, const __u64 *key, struct tcp_conn *conn, struct walk *walk)
{
	struct tcp_counters now;
	struct flow_event event;

	if (!tcp_take(&event, &now, conn, *key, walk->control))
		return 0;
	if (bpf_ringbuf_output(&flow_swept, &event, sizeof(event), BPF_RB_NO_WAKEUP)) {
		walk->is_full = 1;
		return 1;
	}
	tcp_taken(conn, *key, &now, walk->control->sweep);
	return 0;
}

static long udp_visit(void *map, const struct udp_key *key, struct udp_flow *flow, struct walk *walk)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct flow_event event;

	if (!udp_take(&event, now_ns, flow, key, walk->control))
		return 0;
	if (bpf_ringbuf_output(&flow_swept, &event, sizeof(event), BPF_RB_NO_WAKEUP)) {
		walk->is_full = 1;
		return 1;
	}
	udp_taken(flow, key, &event, now_ns, walk->control->sweep);
	return 0;
}

static __always_inline int walk_tcp(void)
{
	struct walk walk = {.control = control_in(&flow_control)};

	if (walk.control)
		bpf_for_each_map_elem(&tcp_conns, tcp_visit, &walk, 0);
	return walk.is_full;
}

static __always_inline int walk_udp(void)
{
	struct walk walk = {.control = control_in(&flow_control)};

	if (walk.control)
		bpf_for_each_map_elem(&udp_flows, udp_visit, &walk, 0);
	return walk.is_full;
}

SEC("syscall")
int tcp_sweep_call(void *ctx)
{
	return walk_tcp();
}

SEC("syscall")
int udp_sweep_call(void *ctx)
{
	return walk_udp();
}

SEC("raw_tp")
int tcp_sweep_raw(void *ctx)
{
	return walk_tcp();
}

SEC("raw_tp")
int udp_sweep_raw(void *ctx)
{
	return walk_udp();
}

char LICENSE[] SEC("license") = "GPL";
